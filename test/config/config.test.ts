import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/api/config.js';
import { CONFIG_COMMANDS } from '../../src/config/commands.js';
import { effectiveLink } from '../../src/config/defaults.js';
import { editConfig, emptyConfig, parseConfig } from '../../src/config/edit.js';
import { CONFIG_MODES } from '../../src/config/language.js';
import { renderConfig } from '../../src/config/render.js';
import { configTree } from '../../src/config/resolve.js';
import { splitLine, withRest } from '../../src/grammar/words.js';
import { EXAMPLE } from '../control/fixtures.js';
import { plainTokens } from '../grammar/tokens.js';
import { configs } from './arbitrary.js';

function parsed(text: string): Config {
  const { config, syntax, contradictions } = parseConfig(text);
  expect([...syntax, ...contradictions]).toEqual([]);
  return config;
}

/** An interface with a peer whose link holds these lines. */
const inLink = (...lines: string[]) =>
  ['interface octo0', 'peer osaka', 'shutdown', 'link 0', ...lines].join('\n');

/** Free text goes to the end of its line: only in quotes can a comment follow it. */
const commentable = (line: string) => line.replace(/(description) (.*)/, '$1 "$2"');

/** Context, line, and what takes it back. */
const lines: [string[], string, string][] = [
  [[], 'hostname kyoto', 'no hostname'],
  [[], 'history links 64', 'no history links'],
  [[], 'metrics listen 127.0.0.1 port 9000', 'no metrics listen'],
  [[], 'metrics listen ::1 port 9000', 'no metrics listen ::1'],
  [[], 'web listen 127.0.0.1 port 9778', 'no web listen'],
  [['interface octo0'], 'description a  b', 'no description'],
  [['interface octo0'], 'duplicate small 200', 'no duplicate small'],
  [['interface octo0'], 'duplicate control', 'no duplicate control'],
  [['interface octo0'], 'duplicate dscp 46', 'no duplicate dscp'],
  [['interface octo0', 'peer a'], 'duplicate small 200', 'no duplicate small'],
  [['interface octo0', 'peer a'], 'duplicate dscp 46', 'no duplicate dscp 46'],
  [['interface octo0', 'peer a'], 'duplicate none', 'no duplicate none'],
  [['interface octo0'], 'resend buffer 8', 'no resend buffer'],
  [['interface octo0'], 'resend age 500', 'no resend age'],
  [['interface octo0'], 'path-mtu raise 60', 'no path-mtu raise'],
  [['interface octo0'], 'uplink-group core preempt delay 5', 'no uplink-group core'],
  [['interface octo0', 'peer a'], 'uplink-group core priority 5', 'no uplink-group'],
  [['interface octo0'], 'authorized-keys /etc/keys template gold', 'no authorized-keys'],
  [['interface octo0'], 'heartbeat budget 500', 'no heartbeat budget'],
  [['interface octo0', 'peer a'], 'template gold', 'no template'],
  [['interface octo0', 'peer-template gold'], 'policy adaptive', 'no policy'],
  [['interface octo0', 'peer-template gold', 'link 0'], 'priority 9', 'no priority'],
  [['interface octo0'], 'private-key-file /k', 'no private-key-file /k'],
  [['interface octo0'], 'address 10.0.0.1/24', 'no address 10.0.0.1/24'],
  [['interface octo0'], 'address 2001:db8::1/64', 'no address'],
  [['interface octo0'], 'mtu 9000', 'no mtu'],
  [['interface octo0'], 'mac 02:00:00:00:00:01', 'no mac'],
  [['interface octo0'], 'bridge br0', 'no bridge br0'],
  [['interface octo0'], 'listen port 1', 'no listen'],
  [['interface octo0'], 'policy round-robin', 'no policy'],
  [['interface octo0'], 'aead chacha20-poly1305', 'no aead'],
  [['interface octo0'], 'mac-table ageing 60', 'no mac-table ageing'],
  [['interface octo0'], 'mac-table limit 64', 'no mac-table limit 64'],
  [['interface octo0'], 'mac-table static 02:00:00:00:00:01 local', 'no mac-table static 02:00:00:00:00:01'],
  [['interface octo0'], 'mac-table static 02:00:00:00:00:01 vlan 7 local', 'no mac-table static'],
  [['interface octo0'], 'multicast unregistered routers', 'no multicast unregistered'],
  [['interface octo0'], 'multicast fast-leave', 'no multicast fast-leave'],
  [['interface octo0'], 'multicast router', 'no multicast router'],
  [['interface octo0'], 'multicast querier interval 60 address 10.0.0.1', 'no multicast querier'],
  [['interface octo0', 'peer a'], 'multicast router', 'no multicast router'],
  [['interface octo0', 'peer a'], 'storm-control broadcast rate 100 pps', 'no storm-control broadcast'],
  [['interface octo0', 'peer-template gold'], 'storm-control multicast rate 8 kbps', 'no storm-control'],
  [
    ['interface octo0', 'peer a'],
    'storm-control unknown-unicast rate 9 pps',
    'no storm-control unknown-unicast rate 9 pps',
  ],
  [['interface octo0', 'peer a'], 'guard source', 'no guard source'],
  [['interface octo0', 'peer a'], 'guard dhcp-server', 'no guard dhcp-server'],
  [['interface octo0', 'peer a'], 'guard ra', 'no guard ra'],
  [['interface octo0', 'peer a'], 'guard multicast-router', 'no guard multicast-router'],
  [['interface octo0', 'peer a'], 'guard mac-limit 9', 'no guard mac-limit'],
  [['interface octo0', 'peer a'], 'guard binding 10.0.0.1 02:00:00:00:00:01', 'no guard binding 10.0.0.1'],
  [['interface octo0', 'peer a'], 'guard binding fd00::1 02:00:00:00:00:01', 'no guard binding'],
  [['interface octo0'], 'persist', 'no persist'],
  [['interface octo0'], 'scheduling normal', 'no scheduling'],
  [['interface octo0'], 'workers 3', 'no workers'],
  [['interface octo0'], 'no offload udp-gso', 'offload udp-gso'],
  [['interface octo0'], 'no shutdown', 'shutdown'],
  [['interface octo0', 'peer a'], 'description x', 'no description'],
  [['interface octo0', 'peer a'], 'public-key hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=', 'no public-key'],
  [['interface octo0', 'peer a'], 'preshared-key-file /p', 'no preshared-key-file'],
  [['interface octo0', 'peer a'], 'policy active', 'no policy'],
  [['interface octo0', 'peer a'], 'shutdown', 'no shutdown'],
  [['interface octo0', 'peer a', 'link 7'], 'description x', 'no description'],
  [['interface octo0', 'peer a', 'link 7'], 'local eth0 port 7', 'no local eth0'],
  [['interface octo0', 'peer a', 'link 7'], 'local any', 'no local'],
  [['interface octo0', 'peer a', 'link 7'], 'remote 192.0.2.1 port 5', 'no remote'],
  [['interface octo0', 'peer a', 'link 7'], 'remote 192.0.2.1 port 6', 'no remote 192.0.2.1:6'],
  [['interface octo0', 'peer a', 'link 7'], 'remote dynamic', 'no remote dynamic'],
  [['interface octo0', 'peer a', 'link 7'], 'priority 255', 'no priority'],
  [['interface octo0', 'peer a', 'link 7'], 'timers interval 10 hold 30', 'no timers'],
  [['interface octo0', 'peer a', 'link 7'], 'timers interval 10 hold 30 up-after 9', 'no timers'],
  [['interface octo0', 'peer a', 'link 7'], 'mtu 1400', 'no mtu'],
  [['interface octo0', 'peer a', 'link 7'], 'fec 4', 'no fec'],
  [['interface octo0', 'peer a', 'link 7'], 'drain', 'no drain'],
  [['interface octo0', 'peer a', 'link 7'], 'shutdown', 'no shutdown'],
];

describe('addresses', () => {
  it('of an interface are no more than anybody needs', () => {
    const text = Array.from({ length: 300 }, (_, index) => `address 10.${index >> 8}.${index & 255}.1/24`);
    const { contradictions } = parseConfig(['interface octo0', ...text].join('\n'));
    expect(contradictions).toMatchObject([{ message: 'an interface has at most 256 addresses' }]);
  });
});

describe('static addresses', () => {
  const of = (...given: string[]) => parseConfig(['interface octo0', ...given].join('\n')).contradictions;
  const mac = (last: number): string =>
    `02:00:00:00:${(last >> 8).toString(16).padStart(2, '0')}:${(last & 255).toString(16).padStart(2, '0')}`;
  const many = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `mac-table static ${mac(index)} local`);

  it('are at a peer that there is, and fit the table', () => {
    const line = 'mac-table static 02:00:00:00:00:01 vlan 5 peer a';
    expect(of(line)).toMatchObject([{ line: 2, message: 'there is no peer a on this interface' }]);
    expect(of('peer a', 'shutdown', 'exit', line)).toEqual([]);
    expect(of('mac-table limit 16', ...many(16))).toEqual([]);
    expect(of('mac-table limit 16', ...many(17))).toMatchObject([
      { message: 'a mac-table of limit 16 does not hold 17 static addresses' },
    ]);
    expect(of(...many(1025))).toMatchObject([{ message: 'an interface has at most 1024 static addresses' }]);
  });

  it('are one a VLAN, and removed as precisely as asked for', () => {
    const apply = (...given: string[]) => {
      const { config, syntax } = editConfig(emptyConfig(), [], ['interface octo0', ...given]);
      expect(syntax).toEqual([]);
      return config.interfaces[0].staticMacs;
    };
    const [one, two] = [mac(1), mac(2)];
    const given = [1, 2].flatMap((last) => [
      `mac-table static ${mac(last)} local`,
      `mac-table static ${mac(last)} vlan 5 peer b`,
    ]);
    expect(apply(...given, `mac-table static ${one} vlan 5 local`, `no mac-table static ${two}`)).toEqual([
      { mac: one },
      { mac: one, vlan: 5 },
    ]);
    expect(apply(...given, `no mac-table static ${one} local`, `no mac-table static ${two} vlan 5`)).toEqual([
      { mac: one, vlan: 5, peer: 'b' },
      { mac: two },
    ]);
    expect(apply(...given, 'no mac-table static')).toBeUndefined();
  });
});

describe('the limits of quality', () => {
  it.each([
    ['interface', ['interface octo0']],
    ['link', ['interface octo0', 'peer a', 'link 0']],
  ])('are set and turned off: %s', (_of, context) => {
    const apply = (...given: string[]) => {
      const { config, syntax } = editConfig(emptyConfig(), [], [...context, ...given]);
      expect(syntax).toEqual([]);
      return renderConfig(config);
    };
    expect(apply('quality loss 20')).toMatch(/^ +quality loss 20 delay \d+$/m);
    expect(apply('quality delay 50 loss 20')).toMatch(/^ +quality loss 20 delay 50$/m);
    expect(apply('quality loss 20', 'no quality')).toMatch(/^ +no quality$/m);
  });
});

describe('the example of the design', () => {
  it('parses and prints back identically', () => {
    expect(renderConfig(parsed(EXAMPLE))).toBe(EXAMPLE);
  });

  it('may carry comments, blank lines and other indentation', () => {
    const dressed = EXAMPLE.split('\n').flatMap((line) => [`\t${commentable(line)}   ! why`, '', '# note']);
    expect(renderConfig(parsed(dressed.join('\r\n')))).toBe(EXAMPLE);
  });

  it('may be abbreviated', () => {
    const short = EXAMPLE.replace('interface', 'int')
      .replace('timers interval 100 hold', 'ti i 100 h')
      .replace('description', 'desc');
    expect(renderConfig(parsed(short))).toBe(EXAMPLE);
  });
});

describe('every command', () => {
  it('has help for every word, and a "no" form unless it leaves a mode', () => {
    for (const mode of CONFIG_MODES) {
      configTree(mode);
      for (const command of CONFIG_COMMANDS[mode]) {
        for (const { help } of plainTokens(command.tokens)) expect(help).toMatch(/^\S.{3,}/);
        if (command.kind !== 'leave') expect(command.noNeeds, mode).toBeGreaterThan(0);
      }
    }
  });

  it.each(lines)('%s: "%s" prints as given and "%s" takes it back', (context, line, negation) => {
    const base = editConfig(emptyConfig(), [], context).config;
    const set = editConfig(base, context, [line]);
    expect(set.syntax).toEqual([]);
    expect(renderConfig(set.config).split('\n')).toContain(' '.repeat(context.length) + line);
    const unset = editConfig(set.config, context, [negation, negation]);
    expect(unset.syntax).toEqual([]);
    expect(unset.config).toEqual(base);
  });

  it('"no multicast snooping" prints, for the default is on', () => {
    expect(renderConfig(parsed('interface a\nno multicast snooping'))).toContain(
      '\n no multicast snooping\n',
    );
    expect(renderConfig(parsed('interface a\nmulticast snooping'))).toContain('\n multicast snooping\n');
  });

  it('"no mss-clamp" prints, for the default is on', () => {
    expect(renderConfig(parsed('interface a\nno mss-clamp'))).toContain('\n no mss-clamp\n');
    expect(renderConfig(parsed('interface a\nmss-clamp'))).toContain('\n mss-clamp\n');
  });

  it('removes blocks by name, and does not mind what is not there', () => {
    const config = parsed(
      `${EXAMPLE}interface octo0\nno peer osaka\nno peer nobody\nexit\nno interface other`,
    );
    expect(config.interfaces[0].peers).toEqual([]);
  });
});

describe('reading', () => {
  it('edits a block that is there already', () => {
    const config = parsed(`${EXAMPLE}interface octo0\n mtu 1400\n peer osaka\n  link 0\n   priority 3`);
    expect(config.interfaces).toHaveLength(1);
    expect(config.interfaces[0].mtu).toBe(1400);
    expect(config.interfaces[0].peers[0].links[0].priority).toBe(3);
  });

  it('leaves inner blocks for a line of an outer one', () => {
    const config = parsed(
      'interface a\npeer b\nshutdown\nlink 0\nremote dynamic\naddress 10.0.0.1/24\ninterface c\nmtu 1400',
    );
    expect(config.interfaces.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(config.interfaces[0].addresses).toEqual(['10.0.0.1/24']);
  });

  it('keeps a line that its own mode knows in that mode, right or wrong', () => {
    const { syntax } = parseConfig(inLink('p 300'));
    expect(syntax).toMatchObject([{ line: 5, column: 3, message: 'Invalid input: priority must be 0-255' }]);
  });

  it('takes the port of a remote end for granted, and "via" alone for "remote via"', () => {
    expect(renderConfig(parsed(inLink('remote 192.0.2.1')))).toContain('remote 192.0.2.1 port 7700\n');
    const text = `interface octo0\npeer relay\nshutdown\nexit\n${inLink('via relay')}`;
    expect(renderConfig(parsed(text))).toContain('   remote via relay\n');
  });

  it('names line, column and reason of everything wrong', () => {
    const { syntax } = parseConfig(
      'hostname a b\ninterface octo0\n mtu 5\n adress 10.0.0.1/8\n  no\n exit\nexit',
    );
    expect(syntax.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '1:12 Invalid input',
      '3:6 Invalid input: mtu must be 576-65521 bytes',
      '4:2 Unknown command: adress. Did you mean "address"?',
      '5:5 Incomplete command',
      '7:1 there is no block to leave',
    ]);
  });

  it('counts columns in characters', () => {
    expect(parseConfig('interface ü😀 x').syntax[0].column).toBe(14);
  });

  it('stops at a wrong block header: its inside would be noise', () => {
    expect(parseConfig('interface a/b\n mtu 5\n nonsense\nexit').syntax).toHaveLength(1);
  });

  it('refuses a context that is gone', () => {
    const { syntax } = editConfig(emptyConfig(), ['interface octo0'], ['mtu 1500']);
    expect(syntax[0].message).toBe('there is no "interface octo0" any more');
  });

  it('leaves the base untouched', () => {
    const base = parsed(EXAMPLE);
    const before = structuredClone(base);
    editConfig(base, ['interface octo0'], ['mtu 1400', 'no peer osaka', 'no address']);
    expect(base).toEqual(before);
  });
});

describe('what links inherit', () => {
  const linkOf = (...lines: string[]) => {
    const { interfaces } = parsed(lines.join('\n'));
    return effectiveLink(interfaces[0], interfaces[0].peers[0].links[0]);
  };

  it('damping and quality come from the link, else from the interface, else by default', () => {
    const head = ['interface octo0'];
    const link = ['peer a', 'link 0'];
    const usual = linkOf(...head, ...link);
    expect(usual).toMatchObject({
      damping: { suppress: 2500 },
      quality: { loss: 10, delay: 200 },
      upAfter: 5,
    });
    expect(linkOf(...head, 'damping suppress 4000 half-life 30', 'quality delay 50', ...link)).toMatchObject({
      damping: { halfLife: 30, reuse: 1000, suppress: 4000, max: 60 },
      quality: { loss: 10, delay: 50 },
    });
    expect(linkOf(...head, 'no damping', 'no quality', ...link)).toMatchObject({
      damping: null,
      quality: null,
    });
    expect(linkOf(...head, 'no damping', 'no quality', ...link, 'damping', 'quality')).toEqual(usual);
  });

  it('copies belong to the policy active, and to nothing else', () => {
    expect(parseConfig('interface a\npolicy active copies 2').contradictions).toEqual([]);
    const wrong = parseConfig('interface a\npolicy passive copies 2').contradictions;
    expect(wrong.map(({ message }) => message)).toEqual(['only the policy active sends copies, not passive']);
  });
});

describe('contradictions', () => {
  const key = 'public-key hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=';
  const cases: [string, string, string][] = [
    [
      'hold below twice the interval',
      inLink('remote dynamic', 'timers interval 100 hold 199'),
      '6:1 hold 199 is less than twice the interval of 100 ms',
    ],
    [
      'families that differ',
      inLink('local 192.0.2.1', 'remote 2001:db8::1'),
      '6:1 local is IPv4, remote is IPv6',
    ],
    ['via itself', inLink('remote via osaka'), '5:1 peer osaka cannot be reached via itself'],
    ['via nobody', inLink('', 'via nobody'), '6:1 there is no peer nobody on this interface'],
    [
      'a path twice',
      `${inLink('remote 2001:db8::1')}\nlink 1\nremote 2001:DB8:0::1 port 7700`,
      '7:1 link 0 has the same local and remote end already',
    ],
    [
      'a key twice',
      `interface a\npeer b\n${key}\nexit\npeer c\n${key}`,
      '6:1 peer b has this public-key already',
    ],
    [
      'an address twice',
      'interface a\naddress 10.0.0.1/24\nexit\ninterface b\naddress 10.0.0.2/24\naddress 10.0.0.1/16',
      '6:1 address 10.0.0.1/16 is on a already',
    ],
    [
      'IPv6 on a small MTU',
      'interface a\nmtu 1000\naddress 2001:db8::1/64',
      '2:1 an IPv6 address needs an mtu of at least 1280, not 1000',
    ],
    [
      'damping that lets go before it takes hold',
      'interface a\ndamping reuse 3000 suppress 2000',
      '2:1 reuse 3000 is not below suppress 2000',
    ],
    [
      'damping that never takes hold',
      inLink('remote dynamic', 'damping half-life 60 max 10'),
      '6:1 with a half-life of 60 s nothing is ever held back for as little as max 10 s',
    ],
    ['its own bridge', 'interface a\nbridge a', '2:1 a cannot be its own bridge'],
  ];

  it.each(cases)('%s is refused at its line', (_title, text, expected) => {
    const { syntax, contradictions } = parseConfig(text);
    expect(syntax).toEqual([]);
    expect(contradictions.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      expected,
    ]);
  });

  it('warns of what is not complete yet, unless it is shut down', () => {
    const warnings = (text: string) =>
      parseConfig(text).warnings.map(({ line, message }) => `${line} ${message}`);
    expect(warnings('interface a\npeer b\nlink 0')).toEqual([
      '2 peer b has no public-key and stays down',
      '3 link 0 of peer b has no remote and stays down',
    ]);
    expect(warnings('interface a\npeer b\nshutdown\nlink 0\nshutdown')).toEqual([]);
  });

  it('warns of beats that are too rare to keep a NAT binding', () => {
    const warnings = (interval: number) =>
      parseConfig(inLink('remote dynamic', `timers interval ${interval} hold 60000`)).warnings;
    expect(warnings(25000).filter(({ message }) => message.includes('NAT'))).toEqual([]);
    expect(warnings(25001).map(({ line, message }) => `${line} ${message}`)).toContain(
      '6 a NAT on the way may forget link 0 between heartbeats 25001 ms apart',
    );
  });

  it('allows several links that learn their remote end', () => {
    expect(parseConfig(inLink('remote dynamic', 'exit', 'link 1', 'remote dynamic')).contradictions).toEqual(
      [],
    );
  });
});

describe('properties', () => {
  it('parsing what is rendered gives the configuration again', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const text = renderConfig(config);
        const again = parseConfig(text);
        expect(again.syntax).toEqual([]);
        expect(again.config).toEqual(config);
        expect(renderConfig(again.config)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('a line abbreviated at random means the same or is refused', () => {
    const tokens = CONFIG_MODES.flatMap((mode) =>
      CONFIG_COMMANDS[mode].flatMap((command) => plainTokens(command.tokens)),
    );
    const keywords = new Set(['no', ...tokens.map((token) => (token.kind === 'keyword' ? token.word : ''))]);
    const cuts = fc.array(fc.nat(), { minLength: 8, maxLength: 8 });
    let understood = 0;
    fc.assert(
      fc.property(fc.constantFrom(...lines), cuts, ([context, line, negation], lengths) => {
        for (const whole of [line, negation]) {
          const short = whole
            .split(' ')
            .map((word, index) =>
              keywords.has(word) ? word.slice(0, 1 + (lengths[index] % word.length)) : word,
            )
            .join(' ');
          const base = editConfig(emptyConfig(), [], [...context, line]).config;
          const abbreviated = editConfig(base, context, [short]);
          if (abbreviated.syntax.length > 0) continue;
          understood++;
          expect(abbreviated.config).toEqual(editConfig(base, context, [whole]).config);
        }
      }),
      { numRuns: 2000 },
    );
    expect(understood).toBeGreaterThan(200);
  });

  it('never throws, whatever the text', () => {
    const words = fc.constantFrom(
      'interface',
      'peer',
      'link',
      'no',
      'exit',
      'end',
      'a',
      '0',
      'local',
      '"',
      '!',
      '__proto__',
      'remote',
      'via',
    );
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        parseConfig(lines.join('\n'));
      }),
      { numRuns: 2000 },
    );
  });

  it('reads a text of 100,000 lines', () => {
    // The time limit of a test would end a reader that looks at all peers for each.
    const peers = Array.from(
      { length: 20_000 },
      (_, index) => ` peer p${index}\n  shutdown\n  link 0\n  exit\n exit`,
    );
    expect(parsed(`interface a\n${peers.join('\n')}`).interfaces[0].peers).toHaveLength(20_000);
  });

  it('has no line in a rendered configuration that splits badly', () => {
    fc.assert(
      fc.property(configs, (config) => {
        // Free text may hold a quote that is not closed.
        for (const line of renderConfig(config).split('\n').map(splitLine))
          expect(line.problem === null || withRest(line) !== null, line.source).toBe(true);
      }),
    );
  });
});
