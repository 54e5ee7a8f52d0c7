import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CommandSpec,
  choice,
  formerly,
  keyword,
  oneOf,
  options,
  syntaxOf,
  type Token,
  value,
} from '../../src/grammar/command.js';
import { completeLine } from '../../src/grammar/complete.js';
import { editDistance } from '../../src/grammar/distance.js';
import { explainAtPrompt } from '../../src/grammar/explain.js';
import { type Match, matchLine } from '../../src/grammar/match.js';
import { buildTree } from '../../src/grammar/tree.js';
import { CIDR4, CIDR6, IFNAME, IPV4, IPV6, LINE, NAME, range } from '../../src/grammar/values.js';
import { splitLine } from '../../src/grammar/words.js';

interface TestCommand extends CommandSpec {
  id: string;
}

function command(id: string, tokens: Token[], noNeeds?: number): TestCommand {
  return { id, mode: 'exec', privilege: 'read', tokens, ...(noNeeds !== undefined && { noNeeds }) };
}

const show = keyword('show', 'Show');
const LINK = value('link', range(0, 7), 'Id');
const tree = buildTree([
  command('ip', [show, keyword('ip', 'Four')]),
  command('ipv6', [show, keyword('ipv6', 'Six')]),
  command('bgp', [show, keyword('ip', 'Four'), keyword('bgp', 'Routes'), value('address', IPV4, 'Address')]),
  command('bfd', [show, keyword('ip', 'Four'), keyword('bfd', 'Sessions'), keyword('all', 'All')]),
  command('peer', [show, keyword('peer', 'One'), value('peer', NAME, 'Name', { complete: 'peer' })]),
  command('peers', [show, keyword('peers', 'All')]),
  command(
    'local',
    [
      keyword('local', 'Place'),
      choice(
        [value('address', IPV4, 'Four')],
        [value('address', IPV6, 'Six')],
        [keyword('any', 'Any')],
        [value('interface', IFNAME, 'Name')],
      ),
      options([keyword('port', 'Port'), value('port', range(1, 65535), 'Port')]),
    ],
    1,
  ),
  command('policy', [keyword('policy', 'Use'), oneOf('policy', { active: 'All', passive: 'One' })], 1),
  command('description', [keyword('description', 'Text'), value('text', LINE, 'Text')], 1),
  command('ping', [
    keyword('ping', 'Ping'),
    value('peer', NAME, 'Name'),
    options(
      [keyword('count', 'Probes'), value('count', range(1, 10), 'Probes')],
      [keyword('size', 'Bytes'), value('size', range(0, 10), 'Bytes')],
    ),
  ]),
]);

const match = (line: string): Match<TestCommand> => matchLine(tree, splitLine(line));

function matched(line: string) {
  const found = match(line);
  if (found.kind !== 'command') throw new Error(`${line}: ${found.kind}`);
  return found;
}

describe('matchLine', () => {
  it('prefers an exact keyword to a longer one', () => {
    expect(matched('show ip').command.id).toBe('ip');
    expect(matched('show ipv6').command.id).toBe('ipv6');
  });

  it('looks at the whole line before it calls a word ambiguous', () => {
    expect(matched('s ip b 192.0.2.1').command.id).toBe('bgp');
    expect(matched('s ip b all').command.id).toBe('bfd');
    expect(match('s ip b')).toMatchObject({ kind: 'ambiguous', candidates: ['bfd', 'bgp'] });
  });

  it('names the word and its meanings when a line is ambiguous', () => {
    expect(match('show pe')).toEqual({ kind: 'ambiguous', at: 5, candidates: ['peer', 'peers'] });
  });

  it('prefers a keyword to a value, but not for a quoted word', () => {
    expect(matched('local any').args).not.toHaveProperty('interface');
    expect(matched('local an').args).not.toHaveProperty('interface');
    expect(matched('local "any"').args['interface']).toBe('any');
  });

  it('prefers a format to a name', () => {
    expect(matched('local 192.0.2.1').args['address']).toBe('192.0.2.1');
    expect(matched('local 2001:db8::1 port 9').args['port']).toBe(9);
    expect(matched('local eth0').args['interface']).toBe('eth0');
  });

  it('takes options in any order, each once', () => {
    expect(matched('ping a size 5 count 2').args['count']).toBe(2);
    expect(matched('ping a count 2 size 5').args['size']).toBe(5);
    expect(match('ping a count 2 count 3')).toMatchObject({ kind: 'invalid', at: 15 });
  });

  it('negates with as much of the value as is given', () => {
    for (const line of ['no policy', 'no policy active']) {
      expect(matched(line)).toMatchObject({ command: { id: 'policy' }, form: 'no' });
    }
    expect(matched('no description').form).toBe('no');
    expect(match('no show')).toMatchObject({ kind: 'invalid', at: 3 });
  });

  it('takes free text as written, without its comment', () => {
    expect(matched('description  a  "b c"  d  ! not this').args['text']).toBe('a  "b c"  d');
    expect(matched('description "a ! b"').args['text']).toBe('a ! b');
  });

  it('points at the first word that no command accepts', () => {
    expect(match('local 192.0.2.300')).toMatchObject({
      kind: 'invalid',
      at: 6,
      reason: 'address must be an IPv4 address',
    });
    expect(match('local any port 0')).toMatchObject({
      kind: 'invalid',
      at: 15,
      reason: 'port must be 1-65535',
    });
    expect(match('show version')).toMatchObject({ kind: 'invalid', at: 5 });
    expect(match('show ip extra')).toMatchObject({ kind: 'invalid', at: 8 });
    expect(match('shw')).toEqual({ kind: 'unknown', at: 0, word: 'shw', suggestions: ['show'] });
    const expected = 'expected: any | A.B.C.D | X:X::X:X | IFNAME';
    expect(match('local')).toEqual({ kind: 'incomplete', at: 5, expected });
    expect(match('  ! nothing')).toEqual({ kind: 'empty' });
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'show __proto__',
    'no constructor',
    'policy hasOwnProperty',
  ])('knows no command %s', (line) => expect(['unknown', 'invalid']).toContain(match(line).kind));

  it('takes any peer name that is allowed, the names of object members too', () => {
    expect(matched('show peer __proto__').args['peer']).toBe('__proto__');
  });

  it('finds the same command for every unique abbreviation', () => {
    const lines = [
      'show ip bgp 192.0.2.1',
      'show peers',
      'local any port 5',
      'policy active',
      'ping a count 2 size 5',
    ];
    const cut = fc.array(fc.nat(), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...lines), cut, (line, cuts) => {
        const words = line.split(' ');
        const short = words.map((word, index) =>
          /^[a-z]{2,}/.test(word) ? word.slice(0, 1 + (cuts[index] % word.length)) : word,
        );
        const found = match(short.join(' '));
        if (found.kind === 'command') {
          const whole = matched(line);
          const known = [whole.command.id, 'ip'];
          expect(known).toContain(found.command.id);
          if (found.command.id === whole.command.id) expect(found.args).toEqual(whole.args);
        } else {
          expect(['ambiguous', 'incomplete', 'invalid']).toContain(found.kind);
        }
      }),
    );
  });

  it('never throws, whatever is typed', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('show', 'no', 'local', '"', '|', 'any', 'port', '192.0.2.1'),
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const line = words.join(' ');
        const found = match(line);
        if (found.kind !== 'empty' && found.kind !== 'command') explainAtPrompt(found, line, 3);
        completeLine(tree, line);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers a megabyte of words as fast as it can be read', () => {
    expect(match(`show ${'a '.repeat(500_000)}`).kind).toBe('invalid');
    expect(match(`ping a ${'count 1 size 1 '.repeat(60_000)}`).kind).toBe('invalid');
    expect(match(`description ${'a '.repeat(500_000)}`)).toMatchObject({ kind: 'invalid' });
  });
});

describe('an earlier form of a command', () => {
  const peer = value('peer', NAME, 'Name');
  const list = buildTree([
    command('links', [
      show,
      keyword('links', 'Links'),
      options([formerly([peer], [keyword('peer', 'One'), peer])]),
    ]),
    command('drain', [
      keyword('drain', 'Drain'),
      formerly([peer, keyword('link', 'Link'), LINK], [keyword('link', 'Link'), peer, LINK]),
    ]),
  ]);
  const found = (line: string) => matchLine(list, splitLine(line));

  it('gives the same as the current one, also when it is shortened', () => {
    for (const line of ['show links osaka', 'show links peer osaka', 'sh l pe osaka']) {
      expect(found(line)).toMatchObject({ kind: 'command', args: { peer: 'osaka' } });
    }
    for (const line of ['drain osaka link 3', 'drain link osaka 3', 'dr li osaka 3']) {
      expect(found(line)).toMatchObject({ kind: 'command', args: { peer: 'osaka', link: 3 } });
    }
  });

  it('does not claim names that its keyword begins with', () => {
    expect(found('show links p')).toMatchObject({ kind: 'command', args: { peer: 'p' } });
    expect(found('drain l link 3')).toMatchObject({ kind: 'command', args: { peer: 'l', link: 3 } });
    expect(found('show links "peer"')).toMatchObject({ kind: 'command', args: { peer: 'peer' } });
  });

  it('is not offered, and not written', () => {
    expect(completeLine(list, 'show links ').options.map(({ text }) => text)).toEqual(['NAME']);
    expect(completeLine(list, 'drain li').options.map(({ text }) => text)).toEqual(['NAME']);
    expect(syntaxOf([formerly([peer], [keyword('peer', 'One'), peer])])).toBe('NAME');
  });
});

describe('explainAtPrompt', () => {
  const explain = (line: string, indent = 7) => {
    const found = match(line);
    if (found.kind === 'empty' || found.kind === 'command') throw new Error(found.kind);
    return explainAtPrompt(found, line, indent);
  };

  it('puts the caret under the word, as wide as the text before it is on a terminal', () => {
    expect(explain('local any port 0')).toEqual([
      `${' '.repeat(7 + 15)}^`,
      "% Invalid input detected at '^' marker.",
      '  port must be 1-65535',
    ]);
    expect(explain('ping 大阪 size 99')[0]).toBe(`${' '.repeat(7 + 15)}^`);
  });

  it('says what routers say', () => {
    expect(explain('sh pe')).toEqual(['% Ambiguous command:  "sh pe"', '  one of: peer, peers']);
    expect(explain('show')).toEqual(['% Incomplete command.', '  expected: ip | ipv6 | peer | peers']);
    expect(explain('shw ip')).toEqual(['% Unknown command: shw ip', '  Did you mean "show"?']);
  });
});

describe('an error', () => {
  const sizes = buildTree([
    command('mtu', [
      keyword('mtu', 'Size'),
      choice([value('mtu', range(576, 65535, 'bytes'), 'Size')], [keyword('auto', 'By probes')]),
    ]),
    command('address', [
      keyword('address', 'Address'),
      choice([value('address', CIDR4, 'Four')], [value('address', CIDR6, 'Six')]),
    ]),
  ]);
  const reason = (root: typeof tree, line: string) => {
    const found = matchLine(root, splitLine(line));
    return found.kind === 'invalid'
      ? found.reason
      : found.kind === 'incomplete'
        ? found.expected
        : found.kind;
  };

  it('lists the choices, with their units', () => {
    expect(reason(tree, 'policy aggressive')).toBe('expected: active | passive');
    expect(reason(tree, 'policy')).toBe('expected: active | passive');
    expect(reason(tree, 'local any prt 5')).toBe('expected: port | <cr>');
    expect(reason(sizes, 'mtu')).toBe('expected: auto | <576-65535> bytes');
    expect(reason(sizes, 'mtu 5')).toBe('mtu must be 576-65535 bytes, or auto');
  });

  it('says each thing once', () => {
    expect(reason(sizes, 'address x')).toBe(
      'address must be an IPv4 address and prefix such as 10.77.0.1/24, ' +
        'or an IPv6 address and prefix such as fd00::1/64',
    );
  });
});

describe('completeLine', () => {
  const texts = (line: string) => completeLine(tree, line).options.map(({ text }) => text);

  it('lists what can come next, with <cr> where the line is whole', () => {
    expect(texts('show ')).toEqual(['ip', 'ipv6', 'peer', 'peers']);
    expect(texts('show pe')).toEqual(['peer', 'peers']);
    expect(completeLine(tree, 'show ip ')).toMatchObject({ runnable: true, partial: '' });
    expect(completeLine(tree, 'show ip').runnable).toBe(false);
  });

  it('shows placeholders of values that could still become what is typed', () => {
    expect(texts('local ')).toEqual(['any', 'A.B.C.D', 'X:X::X:X', 'IFNAME']);
    expect(texts('local 192.')).toEqual(['A.B.C.D']);
    expect(texts('description hello wor')).toEqual(['LINE']);
  });

  it('hands on what was given before, to narrow live names', () => {
    const [option] = completeLine(tree, 'show peer os').options;
    expect(option).toMatchObject({ complete: 'peer', text: 'NAME' });
    expect(completeLine(tree, 'ping osaka ').options[0].args['peer']).toBe('osaka');
  });

  it('offers nothing after a wrong word, in a quote or in a comment', () => {
    expect(completeLine(tree, 'show nothing ')).toMatchObject({ options: [], invalidAt: 5 });
    expect(texts('local "et')).toEqual([]);
    expect(texts('show ! ')).toEqual([]);
  });

  it('offers only keywords that lead on', () => {
    const walk = (line: string, depth: number) => {
      const { options: next, runnable } = completeLine(tree, line);
      expect(next.length > 0 || runnable, line).toBe(true);
      if (depth === 0) return;
      for (const option of next) {
        if (option.kind === 'keyword') walk(`${line}${option.text} `, depth - 1);
      }
    };
    walk('', 4);
  });
});

describe('buildTree', () => {
  it('refuses two commands of the same words, and two descriptions of one word', () => {
    const twice = [command('a', [show]), command('b', [show])];
    expect(() => buildTree(twice)).toThrow('two commands are "show"');
    const differing = [command('a', [show]), command('b', [keyword('show', 'Other'), keyword('x', 'X')])];
    expect(() => buildTree(differing)).toThrow('described twice');
  });
});

describe('editDistance', () => {
  it('counts insertions, deletions, substitutions and swaps', () => {
    expect(editDistance('pere', 'peer')).toBe(1);
    expect(editDistance('prioritty', 'priority')).toBe(1);
    expect(editDistance('link', 'line')).toBe(1);
    expect(editDistance('', 'ab')).toBe(2);
  });
});
