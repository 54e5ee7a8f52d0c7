import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OCTOLINK } from '../../scripts/lab/mesh.js';
import { TmuxTerminal, tmuxProblem } from '../../scripts/lab/tmux.js';
import { type FakeDaemon, octolink, startFakeDaemon } from './run.js';

if (tmuxProblem) console.log(`skipped: ${tmuxProblem}`);

const MANY_PEERS = 65_536;

let daemon: FakeDaemon;
let folder: string;
const open: TmuxTerminal[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'octolink-typed-'));
  daemon = await startFakeDaemon();
});
afterEach(async () => {
  for (const terminal of open.splice(0)) await terminal.end();
});
afterAll(async () => {
  await daemon.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the shell on a screen, with a history file of its own, and waits for its prompt. */
async function shell(words: string[] = [], environment: Record<string, string> = {}): Promise<TmuxTerminal> {
  const history = join(folder, `history-${Math.random()}`);
  const terminal = await TmuxTerminal.start([process.execPath, OCTOLINK, ...words], {
    OCTOLINK_SOCKET: daemon.socket,
    OCTOLINK_HISTFILE: history,
    ...environment,
  });
  open.push(terminal);
  await terminal.shows(/^tokyo[#>]$/m);
  return terminal;
}

/** The last row with something on it. */
const last = (rows: string[]) => rows[rows.length - 1];
const lastIs = (text: string) => (rows: string[]) => last(rows) === text;

describe.skipIf(tmuxProblem)('at a terminal', () => {
  it('"?" explains at any point and leaves what was typed', async () => {
    const terminal = await shell();
    await terminal.type('show p?');
    let rows = await terminal.shows((shown) => shown.length > 2 && last(shown) === 'tokyo# show p');
    expect(rows.slice(-4)).toEqual([
      'tokyo# show p?',
      expect.stringMatching(/^ {2}peers +Peers, one per line; with a name, one in detail$/),
      expect.stringMatching(/^ {2}privilege +Your privilege level$/),
      'tokyo# show p',
    ]);
    await terminal.press('C-u');
    await terminal.type('show peer ?');
    rows = await terminal.shows((shown) => shown.includes('    osaka') && last(shown) === 'tokyo# show peer');
    expect(rows.slice(-6)).toEqual([
      expect.stringMatching(/^ {2}NAME +Name of a peer$/),
      '    osaka',
      expect.stringMatching(/^ {2}json +As JSON, on one line$/),
      expect.stringMatching(/^ {2}\| +Output modifiers$/),
      '  <cr>',
      'tokyo# show peer',
    ]);
  });

  it('show peers ends with how many are up, and says of each since when', async () => {
    const terminal = await shell();
    await terminal.enter('show peers');
    const rows = await terminal.shows(/^Out .*\ntokyo#$/m);
    expect(rows.slice(1)).toEqual([
      expect.stringMatching(/^Peer +Interface +State +Since +Policy +Up\/Links +Active +Last cause$/),
      expect.stringMatching(/^osaka +octo0 +up +00:01:15 +active +1\/1 +0 +\(carrier lost\)$/),
      '',
      expect.stringMatching(/^1 of 1 peer up, 1 of 1 link up, no change for 00:0\d:\d\d$/),
      expect.stringMatching(/^Out [\d.]+ \w*bit\/s, in [\d.]+ \w*bit\/s$/),
      'tokyo#',
    ]);
    await terminal.enter('explain osaka');
    await terminal.shows(/^Link +State +Share .*\n +0\* +up +100 % /m);
  });

  it('whose candidate is taken by force is told at once and is back in exec', async () => {
    const [victim, other] = [await shell(), await shell()];
    await victim.enter('configure exclusive');
    await victim.shows(lastIs('tokyo(config)#'));
    await victim.enter('hostname kyoto');
    await victim.shows(lastIs('tokyo(config)#'));
    await victim.type('interf');
    await other.enter('configure exclusive force');
    await other.shows(lastIs('tokyo(config)#'));
    const rows = await victim.shows(lastIs('tokyo# interf'));
    expect(rows.slice(-3)).toEqual([
      '% root has taken the configuration by force: your candidate is gone.',
      '  You are back in exec mode.',
      'tokyo# interf',
    ]);
    await other.enter('end');
    await other.shows(lastIs('tokyo#'));
  });

  it('Tab completes what is unique, rings, then lists', async () => {
    const terminal = await shell();
    await terminal.type('con');
    await terminal.press('Tab');
    await terminal.shows(lastIs('tokyo# confi'));
    await terminal.press('Tab', 'Tab');
    await terminal.shows((rows) => rows.at(-2) === 'configure  confirm' && last(rows) === 'tokyo# confi');
    await terminal.press('C-u');
    await terminal.type('sh');
    await terminal.press('Tab');
    await terminal.type('pee');
    await terminal.press('Tab');
    await terminal.type('os');
    await terminal.press('Tab', 'Enter');
    await terminal.shows(/^tokyo# show peers osaka\nPeer osaka on octo0 is up$/m);
  });

  it('abbreviations are understood, and refusals point at the word', async () => {
    const terminal = await shell();
    await terminal.enter('sh ver | inc Octo');
    await terminal.shows(/^Octolink 0\.1\.0/m);
    await terminal.enter('sh p');
    await terminal.shows(/^% Ambiguous command: {2}"sh p"\n {2}one of: peers, privilege$/m);
    await terminal.enter('show version now');
    await terminal.shows(/^tokyo# show version now\n {20}\^\n% Invalid input detected at '\^' marker\.$/m);
    await terminal.enter('show');
    await terminal.shows(/^% Incomplete command\.$/m);
    await terminal.enter('shwo version');
    await terminal.shows(/^% Unknown command: shwo version\n {2}Did you mean "show"\?$/m);
    await terminal.press('C-l');
    await terminal.enter('end');
    await terminal.enter('timers interval 100');
    await terminal.shows(/^tokyo# end\ntokyo# timers interval 100\n% Unknown command here: it is a conf/m);
  });

  it('modes are entered and left, and Ctrl-Z leaves all of them without running the line', async () => {
    const terminal = await shell();
    for (const line of ['conf t', 'interface octo0', 'peer osaka', 'link 0']) await terminal.enter(line);
    await terminal.shows(lastIs('tokyo(config-link)#'));
    await terminal.enter('do show version');
    await terminal.shows(/^Octolink/m);
    await terminal.enter('exit');
    await terminal.shows(lastIs('tokyo(config-peer)#'));
    await terminal.press('C-d');
    await terminal.shows(lastIs('tokyo(config-if)#'));
    await terminal.type('no mtu');
    await terminal.press('C-z');
    await terminal.shows(lastIs('tokyo#'));
    await terminal.enter('show running-config | include mtu');
    await terminal.shows(/^ mtu 1500$/m);
    await terminal.enter('disable');
    await terminal.shows(lastIs('tokyo>'));
    await terminal.press('C-d');
    await terminal.shows(/^ended with 0$/m);
  });

  it('keys edit the line as they do everywhere', async () => {
    const terminal = await shell();
    await terminal.type('sohw version');
    await terminal.press('C-a', 'C-f', 'C-f', 'C-t', 'C-e', 'M-b', 'C-k');
    await terminal.shows(lastIs('tokyo# show'));
    await terminal.press('C-y', 'C-w', 'C-w');
    await terminal.shows(lastIs('tokyo#'));
    await terminal.press('C-y', 'C-c');
    await terminal.shows((rows) => rows.at(-2) === 'tokyo# show version^C' && last(rows) === 'tokyo#');
  });

  it('characters two columns wide move the cursor by two', async () => {
    const terminal = await shell();
    await terminal.type('日本x');
    await terminal.press('Left', 'Left');
    await terminal.shows(lastIs('tokyo# 日本x'));
    const cursorAt = (column: number) =>
      terminal.settles(
        `the cursor in column ${column}`,
        async () => (await terminal.cursor()).column === column,
      );
    await cursorAt(9);
    await terminal.press('BSpace');
    await terminal.shows(lastIs('tokyo# 本x'));
    await cursorAt(7);
  });

  it('Ctrl-R finds earlier lines, and history forgets keys', async () => {
    const history = join(folder, 'history-kept');
    const terminal = await shell([], { OCTOLINK_HISTFILE: history });
    const key = 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=';
    for (const line of ['show clock', 'show version', `psk ${key}`]) await terminal.enter(line);
    await terminal.shows(/% Unknown command: psk/);
    await terminal.press('C-r');
    await terminal.type('clo');
    await terminal.shows(lastIs("(reverse-i-search)`clo': show clock"));
    await terminal.press('C-e');
    await terminal.shows(lastIs('tokyo# show clock'));
    await terminal.press('C-u', 'Up');
    await terminal.shows(lastIs('tokyo# show version'));
    expect(readFileSync(history, 'utf8')).toBe('show clock\nshow version\n');
  });

  it('the pager stops at full screens: space, Enter, a search, q', async () => {
    const terminal = await shell();
    await terminal.enter('terminal length 5');
    await terminal.enter('show running-config');
    await terminal.shows(/^ private-key-file .*\n --More--$/m);
    await terminal.press('Enter');
    await terminal.shows(/^ address .*\n --More--$/m);
    await terminal.type(' ');
    await terminal.shows(/^ policy passive\n --More--$/m);
    await terminal.type('/public');
    await terminal.press('Enter');
    await terminal.shows(/^\.\.\.skipping\n {2}public-key .*\n(.*\n){3} --More--$/m);
    await terminal.type('q');
    const rows = await terminal.shows(lastIs('tokyo#'));
    expect(rows.join('\n')).not.toContain('no shutdown');
  });

  it('the pager goes back and forth, and a pattern that is not found keeps its place', async () => {
    const terminal = await shell();
    const shownIs = async (first: RegExp) => {
      await terminal.shows((rows) => last(rows) === ' --More--' && first.test(rows.slice(-6, -1).join('\n')));
    };
    await terminal.enter('terminal length 6');
    await terminal.enter('show running-config');
    await shownIs(/^hostname tokyo\n/);
    await terminal.type(' ');
    await shownIs(/^ mtu 1500\n/);
    await terminal.type('b');
    await shownIs(/^hostname tokyo\n/);
    await terminal.type('/p[ou][rb]');
    await terminal.press('Enter');
    await shownIs(/^ listen port 7700\n/);
    await terminal.type('n');
    await shownIs(/^ {2}public-key /);
    await terminal.type('N');
    await shownIs(/^ listen port 7700\n/);
    await terminal.type('/nothing');
    await terminal.press('Enter');
    await terminal.shows(/^ policy passive\n(.*\n){3} --More-- \(pattern not found\)$/m);
    await terminal.type('g');
    await shownIs(/^hostname tokyo\n/);
    await terminal.type('G');
    await terminal.shows(/^\.\.\.skipping\n(.*\n){4}exit\ntokyo#$/m);
  });

  it('a hundred pasted lines run in order, "?" and tabs among them meaning themselves', async () => {
    const terminal = await shell();
    const peers = Array.from({ length: 33 }, (_, n) => [
      `\tpeer p${n}`,
      `  description "why? ${n}"`,
      '  exit',
    ]);
    await terminal.paste(['conf t', 'interface octo9', ...peers.flat(), 'end', ''].join('\n'));
    await terminal.shows(lastIs('tokyo#'));
    await terminal.enter('show running-config | include why | count');
    await terminal.shows(/^33$/m);
  });

  it('a paste is applied as a whole or not at all, and its exits do not leave the program', async () => {
    const terminal = await shell();
    await terminal.enter('conf t');
    const block = (id: number, hold: number) =>
      `interface octo7\n peer kyoto\n  link ${id}\n   timers interval 100 hold ${hold}\n  exit\n exit\nexit\n`;
    await terminal.paste(`${block(9, 300)}exit\nexit\n`);
    let rows = await terminal.shows(/^% Paste refused at line 3: 2 lines before it not applied, 6 after it/m);
    expect(rows).toContain('  link id must be 0-7');
    await terminal.shows(lastIs('tokyo(config)#'));
    await terminal.paste(block(0, 100));
    rows = await terminal.shows(/^% Paste refused at line 7/m);
    expect(rows).toContain('paste:4:4: % Error: hold 100 is less than twice the interval of 100 ms');
    await terminal.enter('do show running-config | include octo7 | count');
    await terminal.shows(/^0$/m);
    await terminal.paste(`${block(0, 300)}exit\nexit\n`);
    await terminal.shows(/^% A paste does not leave the program\.\ntokyo#$/m);
    await terminal.enter('show running-config | include octo7 | count');
    await terminal.shows(/^1$/m);
  });

  it('a pasted word stays on the line to be finished', async () => {
    const terminal = await shell();
    await terminal.paste('show clock\nshow ver');
    await terminal.shows(lastIs('tokyo# show ver'));
    await terminal.enter('sion | include Octo');
    await terminal.shows(/^Octolink 0\.1\.0/m);
  });

  it('a refused line leaves the block as it is', async () => {
    const terminal = await shell();
    for (const line of ['conf t', 'interface octo0', 'peer osaka', 'link 0']) await terminal.enter(line);
    await terminal.enter('timers interval 100 hold 100');
    await terminal.shows(/^% Error: hold 100 is less than twice .*\ntokyo\(config-link\)#$/m);
    await terminal.enter('priority 300');
    await terminal.shows(/^ {2}priority must be 0-255\ntokyo\(config-link\)#$/m);
  });

  it('a banner greets, and an alias is run', async () => {
    const first = await shell();
    for (const line of ['conf t', 'banner motd Be careful', 'alias exec sv show version', 'end'])
      await first.enter(line);
    await first.enter('sv | include Octo');
    await first.shows(/^Octolink 0\.1\.0/m);
    await first.type('s?');
    await first.shows(/^ {2}sv +Alias of "show version"$/m);
    await first.type('v');
    await first.press('Tab');
    await first.enter('json | include version');
    await first.shows(/^tokyo# sv json \| include version\n\{/m);
    await first.enter('configure terminal');
    await first.enter('do sv | exclude Node');
    await first.shows(/^tokyo\(config\)# do sv \| exclude Node\nOctolink/m);
    await first.enter('end');
    const second = await shell();
    await second.shows(/^Be careful\ntokyo#/m);
    for (const line of ['conf t', 'no banner', 'no alias exec sv', 'end', 'sv']) await second.enter(line);
    await second.shows(/^% Unknown command: sv$/m);
  });

  it('"configure terminal" inside a block leads out of it', async () => {
    const terminal = await shell();
    for (const line of ['configure terminal', 'interface octo0', 'configure terminal'])
      await terminal.enter(line);
    await terminal.shows(lastIs('tokyo(config)#'));
  });

  it('a template has a prompt of its own', async () => {
    const terminal = await shell();
    for (const line of ['conf t', 'interface octo0', 'peer-template laptops']) await terminal.enter(line);
    await terminal.shows(lastIs('tokyo(config-peer-template)#'));
    await terminal.enter('exit');
    await terminal.enter('no peer-template laptops');
    await terminal.shows(lastIs('tokyo(config-if)#'));
  });

  it('a line of an outer block says what it changed', async () => {
    const terminal = await shell();
    for (const line of ['conf t', 'interface octo0', 'peer osaka']) await terminal.enter(line);
    await terminal.enter('no bridge');
    await terminal.shows(/^% "no bridge" was taken for interface octo0, which is where you are now\.$/m);
    await terminal.enter('bridge br0');
  });

  it('a line is redrawn when the terminal changes its size', async () => {
    const terminal = await shell();
    const text = 'show peer '.repeat(12).trim();
    await terminal.type(text);
    await terminal.shows((rows) => rows.join('').endsWith(text));
    await terminal.resize(40, 20);
    const rows = await terminal.shows(
      (shown) => shown.at(-1)?.length !== undefined && shown.join(' ').includes('peer'),
    );
    const joined = (shown: string[]) =>
      shown
        .map((row) => row.padEnd(40))
        .join('')
        .trimEnd();
    await terminal.shows((shown) => joined(shown).endsWith(`tokyo# ${text}`));
    expect(rows.length).toBeGreaterThan(1);
    await terminal.press('C-c');
    await terminal.shows(lastIs('tokyo#'));
  });

  it('an event appears above a line that is being typed', async () => {
    const terminal = await shell();
    await terminal.enter('terminal monitor');
    await terminal.type('show pe');
    await terminal.shows(lastIs('tokyo# show pe'));
    await octolink(['clear', 'peer', 'osaka'], '', daemon.socket);
    const rows = await terminal.shows(/session ended/);
    expect(rows.slice(-2)).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} octo0 peer osaka session ended$/),
      'tokyo# show pe',
    ]);
    await terminal.type('er osaka');
    await terminal.press('Enter');
    await terminal.shows(/^tokyo# show peer osaka\nPeer osaka/m);
  });

  it('Ctrl-C ends what runs and keeps the connection', async () => {
    const terminal = await shell();
    await terminal.enter('wait peer never up');
    await terminal.press('C-c');
    await terminal.shows(/^\^C\ntokyo#$/m);
    await terminal.enter('monitor events');
    let isShown = false;
    const shown = terminal.shows(/session ended/).finally(() => {
      isShown = true;
    });
    // The stream may begin after the first event; there are more.
    while (!isShown) await octolink(['clear', 'peer', 'osaka'], '', daemon.socket);
    await shown;
    await terminal.press('C-c');
    await terminal.shows(lastIs('tokyo#'));
  });

  it('top and watch have a screen of their own and give the old one back', async () => {
    const terminal = await shell();
    await terminal.enter('show clock');
    await terminal.enter('top');
    await terminal.shows(/^tokyo: \d+ of \d+ peers? up/m);
    await terminal.shows(/by rate/);
    await terminal.type('s');
    await terminal.shows(/by peer/);
    await terminal.resize(60, 15);
    await terminal.shows((rows) => rows.every((row) => row.length <= 60) && /osaka/.test(rows.join('\n')));
    await terminal.type('q');
    await terminal.shows((rows) => /show clock/.test(rows.join('\n')) && last(rows) === 'tokyo#');
    await terminal.enter('watch 1 show version | include Octo');
    await terminal.shows(/^Every 1 s: show version \| include Octo/m);
    await terminal.press('C-c');
    await terminal.shows(lastIs('tokyo#'));
  });
});

describe.skipIf(tmuxProblem)('a daemon that goes', () => {
  it('takes a candidate with it, and no line meant for that takes effect at once', async () => {
    const going = await startFakeDaemon(1);
    const terminal = await shell([], { OCTOLINK_SOCKET: going.socket });
    for (const line of ['configure exclusive', 'interface octo0', 'policy active'])
      await terminal.enter(line);
    await terminal.shows(lastIs('tokyo(config-if)#'));
    await going.stop();
    await terminal.shows(/Your candidate is gone; you are back in exec mode\.\ntokyo#$/);
    await terminal.enter('policy passive');
    await terminal.shows(/^% Unknown command here: it is a configuration command\.$/m);
  });
});

describe.skipIf(tmuxProblem)(`with ${MANY_PEERS} peers`, () => {
  it('show peers comes as a stream that Ctrl-C ends', async () => {
    const large = await startFakeDaemon(MANY_PEERS);
    try {
      const terminal = await shell([], { OCTOLINK_SOCKET: large.socket });
      await terminal.enter('terminal length 0');
      await terminal.enter('show peers');
      await terminal.shows(/^p\d{3,} /m);
      await terminal.press('C-c');
      const rows = await terminal.shows(lastIs('tokyo#'));
      const shown = Math.max(...rows.map((row) => Number(/^p(\d+) /.exec(row)?.[1] ?? 0)));
      expect(shown).toBeLessThan(MANY_PEERS - 1);
      await terminal.enter('show peers name p6553* sort peer limit 3');
      await terminal.shows(/^p6553 .*\np65530 .*\np65531 .*\ntokyo#$/m);
      await terminal.enter('show peers | count');
      // A line of titles, and the summary of two lines below a blank one.
      await terminal.shows(new RegExp(`^${MANY_PEERS + 4}$`, 'm'));
    } finally {
      await large.stop();
    }
  });
});
