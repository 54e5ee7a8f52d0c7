/** Commands about the session and its output, run as a script runs them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OCTOLINK, ROOT } from '../../scripts/lab/mesh.js';
import { capture } from '../../scripts/lab/run.js';
import { execCommands } from '../../src/cli/commands/index.js';
import { ALLOWED_TO_ALL } from '../../src/cli/interpreter/not-authorized.js';
import { syntaxOf } from '../../src/grammar/command.js';
import { runLines } from './in-process.js';
import { type FakeDaemon, octolink, startFakeDaemon } from './run.js';

let daemon: FakeDaemon;
const children: ChildProcess[] = [];

beforeAll(async () => {
  daemon = await startFakeDaemon();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await daemon.stop();
});

/** Runs lines in one session; gives what they print. */
async function session(...lines: string[]): Promise<string> {
  const { code, out, remarks } = await runLines(daemon.socket, lines);
  expect({ code, remarks }).toEqual({ code: 0, remarks: [] });
  return out;
}

/** A command that does not end by itself. */
function following(...words: string[]): ChildProcess {
  const child = spawn(process.execPath, [OCTOLINK, '-s', daemon.socket, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

describe('the terminal', () => {
  const settings = async (...lines: string[]) =>
    JSON.parse((await session(...lines, 'show terminal | json')).trim());

  it('has settings for one session', async () => {
    expect(
      await settings(
        'terminal length 10',
        'terminal width 100',
        'terminal monitor',
        'terminal color',
        'terminal history size 5',
      ),
    ).toEqual({ length: 10, width: 100, monitor: true, colour: true, historySize: 5 });
    expect(
      await settings('terminal monitor', 'terminal no monitor', 'terminal color', 'terminal no color'),
    ).toMatchObject({ monitor: false, colour: false });
    expect(await settings('terminal width 0', 'terminal no paginate')).toMatchObject({
      width: null,
      length: 0,
    });
    expect(await settings('terminal length 10', 'terminal paginate')).toMatchObject({ length: null });
    expect(await settings('terminal length 10', 'terminal no length')).toMatchObject({ length: null });
  });
});

describe('the session', () => {
  it('tells its privilege in the words that tools look for, and gives it up', async () => {
    expect(await session('show privilege')).toBe('Role: admin (privilege level 15)\n');
    expect(await session('disable', 'show privilege | json')).toBe('{"level":1}\n');
    expect(await session('disable', 'enable', 'show privilege | json')).toBe('{"level":15}\n');
  });

  it('ends at quit', async () => {
    expect(await session('show privilege | no-more', 'quit', 'show version')).toBe(
      'Role: admin (privilege level 15)\n',
    );
  });

  it('has no history in a script, and knows the time', async () => {
    expect(await session('show history | json')).toBe('[]\n');
    const { timeMs } = JSON.parse(await session('show clock | json'));
    expect(new Date(timeMs).getFullYear()).toBeGreaterThan(2025);
  });

  it('lists its commands, those of administrators only for them', async () => {
    expect(await session('list')).toContain('\n  clear counters [NAME] [interface IFNAME]\n');
    expect(await session('disable', 'list')).not.toContain('clear counters');
    await session('clear counters peer osaka');
  });

  it('forgets stations, as many as it says, for administrators', async () => {
    expect(await session('clear mac-table')).toBe('octo0: 1 MAC removed\n');
    const named = 'peer osaka vlan 0 address 0200.0000.0002';
    expect(await session(`clear mac-table dynamic ${named}`)).toBe('octo0: 1 MAC removed\n');
    expect(await session('clear mac-table vlan 12')).toBe('octo0: 0 MACs removed\n');
    expect(await session('clear mac-table local | json')).toBe('[{"interface":"octo0","removed":0}]\n');
    expect(await session('disable', 'list')).not.toContain('clear mac-table');
  });

  it('shows who is here, and the block that it is in', async () => {
    const users = JSON.parse(await session('show users | json'));
    expect(JSON.parse(await session('who | json'))).toHaveLength(users.length);
    expect(await session('show running-config interface octo0 peer osaka')).toContain(' public-key ');
    expect(await session('configure terminal', 'interface octo0', 'peer osaka', 'do show this')).toContain(
      ' public-key ',
    );
    expect(await session('show tech-support')).toContain('Octolink 0.1.0');
  });

  it('prints the running configuration as "write terminal" does on routers', async () => {
    expect(await session('write terminal')).toBe(await session('show running-config'));
  });

  it('answers "?" at the end of a command that is given as an argument', async () => {
    const ask = (...lines: string[]) =>
      octolink(
        lines.flatMap((line) => ['-c', line]),
        '',
        daemon.socket,
      );
    expect(await ask('show m?')).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^ {2}mac-table +MAC .*\n {2}members .*\n {2}metrics .*\n {2}mtu .*\n {2}multicast .*\n$/,
      ),
      err: '',
    });
    expect((await ask('conf t', 'interface ?')).out).toMatch(
      /^ {2}IFNAME +Name of the TAP device\n {4}octo0\n$/,
    );
    expect((await ask('show running-config | include osak?')).out).toBe(
      ' peer osaka\n  preshared-key-file /etc/octolink/osaka.psk\n',
    );
  });

  it('takes a last word "json" as "| json"', async () => {
    const piped = await session('show peers | json');
    expect(piped).toMatch(/^\[\{"name":"osaka"/);
    expect(await session('show peers json')).toBe(piped);
    expect(await session('show peers name os* json | count')).toBe('1\n');
    const named = await octolink(['-c', 'show peers "json"'], '', daemon.socket);
    expect(named.err).toBe('% Error: peer json not found\n');
    expect((await octolink(['-s', daemon.socket, '-c', 'show version ?'])).out).toMatch(
      /^ {2}json +As JSON, on one line\n {2}\|/,
    );
    const words = ['--complete', 'show', 'version', ''];
    expect((await octolink(['-s', daemon.socket, ...words])).out).toMatch(/^json\tAs JSON/);
  });

  it('tells what a read-only user may do, and where a configuration line belongs', async () => {
    for (const line of ['clear counters', 'hostname kyoto', 'enable']) {
      const { code, err } = await octolink(['-s', daemon.socket, '-r', '-c', line]);
      expect({ code, err }).toEqual({
        code: 77,
        err: `% Command authorization failed.\n  Read-only (-r): nothing can be changed.\n  Allowed: ${ALLOWED_TO_ALL.join(', ')}.\n`,
      });
    }
    const read = execCommands(false).map(({ tokens }) => syntaxOf(tokens).split(' ')[0]);
    expect(read).toEqual(expect.arrayContaining([...ALLOWED_TO_ALL]));
    const lost = await octolink(['-s', daemon.socket, '-c', 'timers interval 5']);
    expect(lost.err).toMatch(/configuration command\.\n.*first, then go to link mode\.$/m);
    const two = await octolink(['-s', daemon.socket, '-c', 'no mtu']);
    expect(two.err).toMatch(/first, then go to interface or link mode\.$/m);
  });

  it('lists and finds what can be typed in a mode of the configuration', async () => {
    const inInterface = await session('configure terminal', 'interface octo0', 'list');
    expect(inInterface).toContain('\n  mac-table ageing <10-86400>\n');
    expect(inInterface).not.toContain('timers interval');
    expect(await session('configure terminal', 'interface octo0', 'find ^mtu')).toBe('  mtu <576-65521>\n');
  });
});

describe('the configuration', () => {
  const config = (...words: string[]) => octolink(['-s', daemon.socket, ...words]);

  it('is shown in parts, and with what holds by default', async () => {
    expect(await session('show running-config peer osaka')).toMatch(
      /^interface octo0\n peer osaka\n {2}public-key .*\n( {2}.*\n)+ exit\nexit\n$/,
    );
    expect(await session('show running-config interface octo0 peer osaka')).toMatch(/^ peer osaka\n/);
    const all = await session('show running-config all');
    for (const line of [
      'history links 128',
      ' mss-clamp',
      ' no relay',
      '   damping half-life 15',
      '   mtu auto',
    ])
      expect(all).toContain(`\n${line}`);
    expect(all).toContain('\n  policy active\n');
    expect(await session('show running-config peer osaka all')).toContain('   priority 10\n');
    expect((await config('-c', 'show running-config peer nobody')).err).toBe(
      '% Error: peer nobody not found\n',
    );
  });

  it('names commands, and greets', async () => {
    await session(
      'alias exec sp show peers',
      'alias exec ps show peers state',
      'banner motd Be careful',
      'end',
    );
    try {
      expect(await session('sp')).toBe(await session('show peers'));
      expect(await session('sp json')).toBe(await session('show peers json'));
      expect(await session('ps down')).toBe('No peers.\n');
      expect(await session('show aliases')).toBe('  sp  show peers\n  ps  show peers state\n');
      const wrong = await config('-c', 'ps sideways');
      expect([wrong.code, wrong.err]).toEqual([
        2,
        expect.stringMatching(/^show peers state sideways\n {17}\^\n/),
      ]);
      expect((await config('-c', 'no alias exec show')).err).toBe('');
    } finally {
      await session('no alias exec', 'no banner', 'end');
    }
    expect((await config('-c', 'sp')).code).toBe(2);
  });

  it('says what is debugged', async () => {
    expect(await session('show debugging')).toBe('Nothing is being debugged.\n');
    expect(await session('undebug all')).toBe('All debugging is off.\n');
    await session('undebug peer osaka');
    expect((await config('-c', 'debug peer osaka minutes 5')).err).toBe('% Error: peer osaka not found\n');
    expect((await config('-c', 'debug peer osaka minutes 61')).err).toMatch(/minutes must be 1-60 min$/m);
  });

  it('says what is logged and where to', async () => {
    await session(
      'logging level info',
      'logging syslog 192.0.2.9',
      'logging syslog 192.0.2.9 port 5514',
      'end',
    );
    const text = await session('show running-config');
    expect(text).toContain(
      'logging level info\nlogging syslog 192.0.2.9\nlogging syslog 192.0.2.9 port 5514\n',
    );
    await session('no logging syslog', 'no logging level', 'end');
    const log = await session('show logging last 5');
    expect(log).toMatch(
      /^Level info, 1 line shown\nSyslog 192\.0\.2\.9 port 514: 3 sent, 0 dropped\nEvent handler \/bin\/page: 7 run, 1 failed, 0 dropped\n\n.* info peer up/,
    );
  });

  it('goes back to defaults by "default"', async () => {
    await session('interface octo0', 'no mss-clamp', 'mtu 1400', 'end');
    expect(await session('show running-config interface octo0')).toContain(' no mss-clamp\n');
    await session('interface octo0', 'default mss-clamp', 'default mtu', 'end');
    expect(await session('show running-config interface octo0')).not.toMatch(/mss-clamp|mtu/);
    await session('interface octo0', 'mtu 1500', 'end');
  });

  it('is copied to files and from them, and erased', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octolink-copy-'));
    try {
      const [whole, part] = [join(folder, 'whole'), join(folder, 'part')];
      await session(`copy running-config ${whole}`);
      expect(readFileSync(whole, 'utf8')).toBe(await session('show running-config'));
      writeFileSync(part, 'interface octo0\n description copied\n');
      await session(`copy ${part} running-config`);
      expect(await session('show running-config')).toContain('\n description copied\n');
      writeFileSync(part, 'interface octo0\n mtu 1\n');
      const wrong = await config('-c', `copy ${part} running-config`);
      expect([wrong.code, wrong.err]).toEqual([65, expect.stringContaining(`${part}:2:6: % Error`)]);
      expect((await config('-R', '-c', `copy ${part} running-config`)).code).toBe(77);
      await session(`copy ${whole} running-config`, 'copy running-config startup-config');
      expect((await config('-c', 'write erase')).err).toBe(
        '% Error: nothing was erased; use -y to answer yes\n',
      );
      expect(await session('show startup-config')).toBe(await session('show running-config'));
      expect((await config('-y', '-c', 'write erase')).out).toMatch(/^Erased .*\.sav\n$/);
      expect(await session('show startup-config')).toBe('\n');
      await session('copy startup-config running-config', 'write');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('listings', () => {
  it('are narrowed alike', async () => {
    for (const line of [
      'show counters delta',
      'show events state down sort newest limit 3',
      'show drops name repl* sort count',
      'show guards sort drops',
      'show mtu name os*',
      'show multicast limit 1',
      'show arp-suppression limit 1',
      'show uplinks sort moves',
      'show members sort age',
      'show registry',
      'show authorized-keys state absent',
      'show interfaces brief sort peers',
    ]) {
      await session(line);
    }
    expect(await session('show mac-table state static json')).toMatch(/^\[\{.*"static":true\}\]\n$/);
    expect(await session('show interfaces brief name x*')).toBe('No interfaces.\n');
  });
});

describe('what happens', () => {
  it('is kept, and shown again', async () => {
    await session('configure terminal', 'hostname before', 'end');
    const events = JSON.parse(await session('show events last 1 | json'));
    expect(events).toMatchObject([{ kind: 'config', what: 'changed' }]);
  });

  it('has a line each where no terminal breaks it, so that a filter finds it whole', async () => {
    await session('configure terminal', 'hostname a-name-that-together-with-the-rest-fills-a-line', 'end');
    const found = await session('show events last 1 | include a-name-that-together');
    await session('configure terminal', 'hostname before', 'end');
    expect(found).toMatch(/^\d{4}-\d\d-\d\d .*changed by .*\n$/);
    expect(found.length).toBeGreaterThan(80);
  });

  it('is followed', async () => {
    const monitor = following('-c', 'monitor events json');
    let heard = '';
    monitor.stdout?.on('data', (chunk: Buffer) => {
      heard += chunk;
    });
    for (let change = 0; heard === ''; change++) {
      await session('configure terminal', `hostname change${change}`, 'end');
    }
    expect(JSON.parse(heard.split('\n')[0])).toMatchObject({ kind: 'config', what: 'changed' });
    monitor.kill('SIGINT');
    expect((await once(monitor, 'close'))[0]).toBe(130);
  });

  it('is asked for again and again', async () => {
    const watch = following('-c', 'watch 1 show version | include Octolink');
    const [chunk] = await once(watch.stdout as NonNullable<typeof watch.stdout>, 'data');
    expect(String(chunk)).toMatch(/^Octolink 0\.1\.0/);
    watch.kill('SIGINT');
    expect((await once(watch, 'close'))[0]).toBe(130);
  });

  it('is waited for', async () => {
    expect(await session('wait interface octo0 up')).toMatch(/^interface octo0 is up after \d+ ms\n$/);
  });
});

describe('completion', () => {
  const complete = async (...words: string[]) =>
    (await octolink(['-s', daemon.socket, '--complete', ...words])).out.split('\n').filter(Boolean);

  it('offers words and live names with what they mean', async () => {
    const words = await complete('-s', daemon.socket, 'show', 'pe');
    expect(words).toContain('peers\tPeers, one per line; with a name, one in detail');
    expect(await complete('-s', daemon.socket, 'show', 'peer', '')).toEqual([
      'interface\tOnly this interface',
      'limit\tOnly the first rows',
      'name\tOnly peers whose name fits a pattern',
      'sort\tSort by a column',
      'state\tOnly rows in this state',
      'summary\tHow many peers and links of each interface are up',
      'osaka\tName of a peer',
      'json\tAs JSON, on one line',
    ]);
    expect(await complete('show', 'version', '|', 'json-')).toEqual(['json-pretty\tAs JSON, indented']);
  });

  it('offers options, and leaves their operands to the shell', async () => {
    expect(await complete('--ver')).toEqual(['--version\tthe version of this program']);
    expect(await complete('-f', '')).toEqual([]);
  });

  it('works in bash', async () => {
    const script = await session('completion bash');
    const asking = `${script}\nCOMP_WORDS=(${join(ROOT, 'bin/octolink')} show runn)\nCOMP_CWORD=2\n_octolink\necho "\${COMPREPLY[@]}"`;
    expect((await capture('bash', ['-c', asking])).stdout).toBe('running-config\n');
  });
});

describe('commands about links', () => {
  const answer = async (line: string) => JSON.parse(await session(`${line} | json`));

  it('take a link out of use and put it back', async () => {
    expect(await session('drain link osaka 0 timeout 5')).toBe('peer osaka link 0 is drained after 12 ms\n');
    expect(await answer('drain link osaka 0')).toEqual({ state: 'drained', waitedMs: 12 });
    expect(await answer('undrain link osaka 0')).toEqual({ state: 'up', waitedMs: 0 });
    expect(await session('drain interface octo0')).toBe(
      '3 links of octo0 drained after 12 ms\nNo other way, and still in use: kyoto\n',
    );
    expect(await answer('undrain interface octo0')).toBeNull();
  });

  it.each([
    ['show interface octo0', 'show interfaces interface octo0'],
    ['show peers osaka', 'show peer osaka'],
    ['show links osaka', 'show links peer osaka'],
    ['show links osaka link 0', 'sh lin pe osaka'],
    ['show links history osaka link 0', 'show links history peer osaka link 0'],
    ['show counters osaka', 'show counters peer osaka'],
    ['drain osaka link 0', 'drain link osaka 0'],
    ['undrain osaka link 0', 'undrain link osaka 0'],
    ['ping osaka link 0 count 1', 'ping peer osaka link 0 count 1'],
    ['wait osaka link 0 up', 'wait link osaka 0 up'],
    ['wait osaka up', 'wait peer osaka up'],
    ['explain osaka', 'explain peer osaka'],
    ['explain osaka link 0', 'explain peer osaka link 0'],
    ['explain osaka flow', 'explain peer osaka flow'],
  ])('name a peer without a keyword: %s is %s', async (now, before) => {
    expect(await answer(now)).toEqual(await answer(before));
  });

  it('show only the link that is asked for, and no other', async () => {
    expect(await answer('show links osaka link 0')).toHaveLength(1);
    expect(await answer('show links link 1')).toEqual([]);
    const { code, err } = await octolink(['explain', 'osaka', 'link', '5'], '', daemon.socket);
    expect([code, err]).toEqual([1, '% Error: link 5 of peer osaka not found\n']);
  });

  it('say why a link is taken', async () => {
    expect(await answer('explain peer osaka')).toMatchObject({ link: 0, rule: 'priority' });
    expect(await session('explain peer osaka')).toContain('link 0 has the highest priority, 10');
    expect(await answer('explain peer osaka flow')).toMatchObject({ laneLinks: [0, 1] });
    const flows = await session('explain peer osaka flow');
    expect(flows).toMatch(/10\.77\.0\.1:40000 +10\.77\.0\.2:5201 +tcp +lane/);
    expect(flows).toMatch(/\[fd00::2\]:22 +tcp +link 1/);
  });
});
