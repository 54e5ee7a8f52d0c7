/** Wrong configurations and wrong surroundings: a plain sentence, and nothing changed. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { newKeyPair } from '../../scripts/lab/mesh.js';
import { capture, pause } from '../../scripts/lab/run.js';
import { Node, writeSecret } from './node.js';
import { labProblem, needsLab } from './support.js';

const OTHER = newKeyPair();
let lab: Lab;

beforeAll(async () => {
  if (!labProblem) lab = await Lab.build({ hosts: 1, underlays: [{ family: 4 }] });
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

const hasDevice = async (name: string): Promise<boolean> =>
  (await capture('ip', ['-n', lab.hosts[0].namespace, 'link', 'show', name])).code === 0;
const ip = (command: string): Promise<string> => lab.run(1, 'ip', command.split(' '));

/** Every setting once, all of them right. */
const GOOD = `hostname tokyo
interface octo0
 description cluster LAN
 address 10.77.0.1/24
 address fd77::1/64
 mtu 1500
 mac 02:00:00:00:00:01
 listen port 7700
 policy passive
 aead aes-256-gcm
 mac-table ageing 300
 mac-table limit 1000
 mss-clamp
 scheduling normal
 no offload tap-uso
 peer osaka
  description the other site
  public-key ${OTHER.publicKey}
  policy active
  link 0
   local 10.1.0.1 port 7700
   remote 10.1.0.2 port 7700
   priority 10
   timers interval 100 hold 300
   mtu 1400
  exit
 exit
 no shutdown
exit
`;

/** A line of the good configuration, and its replacement; the caret marks the wrong word. */
const WRONG: [line: string, wrong: string, word: string][] = [
  ['hostname tokyo', 'hostname to/kyo', 'to/kyo'],
  ['hostname tokyo', 'hostnam tokyo extra', 'extra'],
  ['interface octo0', 'interface a-name-too-long-for-the-kernel', 'a-name'],
  ['interface octo0', 'interface oc/to', 'oc/to'],
  [' address 10.77.0.1/24', ' address 10.77.0.256/24', '10.77.0.256'],
  [' address 10.77.0.1/24', ' address 10.77.0.1/33', '10.77.0.1/33'],
  [' address 10.77.0.1/24', ' address 10.77.0.0/24', '10.77.0.0/24'],
  [' address fd77::1/64', ' address fd77::1::2/64', 'fd77'],
  [' address fd77::1/64', ' address 10.77.0.1/16', 'address'],
  [' mtu 1500', ' mtu 575', '575'],
  [' mtu 1500', ' mtu 65522', '65522'],
  [' mtu 1500', ' mtu many', 'many'],
  [' mtu 1500', ' mtu 1000', 'mtu'],
  [' mac 02:00:00:00:00:01', ' mac 01:00:00:00:00:01', '01:00'],
  [' mac 02:00:00:00:00:01', ' mac 02:00:00:00:00', '02:00'],
  [' listen port 7700', ' listen port 0', '0'],
  [' listen port 7700', ' listen port 65536', '65536'],
  [' policy passive', ' policy aggressive', 'aggressive'],
  [' aead aes-256-gcm', ' aead rot13', 'rot13'],
  [' mac-table ageing 300', ' mac-table ageing 9', '9'],
  [' mac-table limit 1000', ' mac-table limit 15', '15'],
  [' mss-clamp', ' mss-clamp 3', '3'],
  [' scheduling normal', ' scheduling soon', 'soon'],
  [' no offload tap-uso', ' no offload tap', 'tap'],
  [' peer osaka', ' peer -osaka', '-osaka'],
  ['  description the other site', `  description ${'x'.repeat(256)}`, 'x'],
  [`  public-key ${OTHER.publicKey}`, '  public-key AAAA', 'AAAA'],
  [`  public-key ${OTHER.publicKey}`, `  public-key ${'A'.repeat(43)}=`, 'A'],
  [`  public-key ${OTHER.publicKey}`, '  preshared-key-file relative/path', 'relative/path'],
  ['  policy active', '  policy', ''],
  ['  link 0', '  link 8', '8'],
  ['  link 0', '  link -1', '-1'],
  ['   local 10.1.0.1 port 7700', '   local fd00::1 port 7700', 'remote'],
  ['   local 10.1.0.1 port 7700', '   local 224.0.0.1', '224.0.0.1'],
  ['   remote 10.1.0.2 port 7700', '   remote exa_mple.net', 'exa_mple'],
  ['   remote 10.1.0.2 port 7700', '   remote 10.1.0.2 port', ''],
  ['   remote 10.1.0.2 port 7700', '   remote via nobody', 'remote'],
  ['   priority 10', '   priority 256', '256'],
  ['   timers interval 100 hold 300', '   timers interval 9 hold 300', '9'],
  ['   timers interval 100 hold 300', '   timers interval 200 hold 300', 'timers'],
  ['   mtu 1400', '   mtu 65536', '65536'],
  [' no shutdown', ' no shutdwn now', 'shutdwn'],
  ['exit', 'exti', 'exti'],
];

describe('every value wrong in turn', () => {
  let running: Node;
  let before: string;

  beforeAll(async () => {
    if (labProblem) return;
    running = await new Node(lab, 1, 'running').start(GOOD);
    before = await running.runningConfig();
  });
  afterAll(async () => {
    await running?.stop();
  });

  it('none is wrong at first', async () => {
    const checked = await new Node(lab, 1, 'check').tryStart(GOOD, ['--check']);
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(before).toBe(GOOD);
  });

  it.each(WRONG)('"%s" as "%s"', async (line, wrong, word) => {
    const node = new Node(lab, 1, 'wrong');
    const lines = GOOD.split('\n');
    const at = lines.indexOf(line);
    const text = [...lines.slice(0, at), wrong, ...lines.slice(at + 1)];
    const result = await node.tryStart(text.join('\n'));
    expect(result.code).toBe(65);
    expect(result.stderr).toContain('nothing was changed');
    const place = /:(\d+):(\d+): (.+)/.exec(result.stderr);
    expect(result.stderr).toContain(`${node.configFile}:`);
    const [, row, column, reason] = place!;
    const shown = text[Number(row) - 1];
    expect(shown.slice(Number(column) - 1).startsWith(word) || word === '').toBe(true);
    expect(shown === wrong || word === shown.trim().split(' ')[0]).toBe(true);
    expect(reason.length).toBeGreaterThan(8);
    expect([existsSync(node.state), existsSync(node.socket)]).toEqual([false, false]);

    // The same at run time: refused as well, and nothing of what runs is touched.
    const change = { context: [], lines: text, mode: 'replace' as const, checkOnly: false };
    await expect(running.call('config.apply', change)).rejects.toThrow();
    expect(await running.runningConfig()).toBe(before);
  });
});

describe('a start that cannot be', () => {
  const SIMPLE = 'interface octo7\n listen port 7707\n no shutdown\nexit\n';
  const withPeer = (more: string, key = OTHER.publicKey) =>
    SIMPLE.replace(
      ' no shutdown',
      ` peer osaka\n  public-key ${key}\n${more}  link 0\n   remote 10.1.0.2 port 7700\n  exit\n exit\n no shutdown`,
    );

  /** Tries to start and returns what is said; nothing may stay. */
  async function refused(node: Node, config: string | null, code: number): Promise<string> {
    const deviceBefore = await hasDevice('octo7');
    const result = await node.tryStart(config);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(/^octolinkd: /m);
    expect(result.stderr).not.toMatch(/\n {4}at /);
    expect([existsSync(node.socket), await hasDevice('octo7')]).toEqual([false, deviceBefore]);
    return result.stderr;
  }

  it('without a configuration', async () => {
    const node = new Node(lab, 1, 'absent');
    expect(await refused(node, null, 65)).toContain(node.configFile);
  });

  it('with a folder, or with bytes that are no text, for a configuration', async () => {
    const node = new Node(lab, 1, 'odd');
    mkdirSync(node.configFile);
    expect(await refused(node, null, 65)).toContain('not a regular file');
    rmSync(node.configFile, { recursive: true });
    writeFileSync(node.configFile, Buffer.from([0xff, 0xfe, 0x00]));
    expect(await refused(node, null, 65)).toContain('not UTF-8');
  });

  it.each([0o640, 0o604, 0o666])('with a private key of mode %o', async (mode) => {
    const node = new Node(lab, 1, 'open-key');
    const file = writeSecret(lab, 1, 'open.key', newKeyPair().privateKey);
    chmodSync(file, mode);
    const said = await refused(node, SIMPLE.replace(' no', ` private-key-file ${file}\n no`), 1);
    expect(said).toContain(file);
    expect(said).toContain('chmod 600');
    expect(said).not.toContain(readFileSync(file, 'utf8').trim());
  });

  it('with a preshared key that others may read, that is none, or that is not there', async () => {
    const node = new Node(lab, 1, 'psk');
    const file = writeSecret(lab, 1, 'open.psk', newKeyPair().privateKey);
    chmodSync(file, 0o644);
    expect(await refused(node, withPeer(`  preshared-key-file ${file}\n`), 1)).toContain('chmod 600');
    const broken = writeSecret(lab, 1, 'broken.psk', 'not a key at all');
    const said = await refused(node, withPeer(`  preshared-key-file ${broken}\n`), 1);
    expect(said).toContain(broken);
    expect(said).not.toContain('not a key at all');
    expect(await refused(node, withPeer('  preshared-key-file /nowhere/psk\n'), 1)).toContain('no such file');
  });

  it('with a full disk: nothing is half done, and all is well once there is room', async () => {
    const node = new Node(lab, 1, 'full');
    mkdirSync(node.state, { mode: 0o700 });
    const small = `mount -t tmpfs -o size=64k none ${node.state} && exec "$0" "$@"`;
    node.wrapper = ['unshare', '-m', 'sh', '-c', small];
    await node.start(SIMPLE);
    const inside = (command: string) =>
      capture('nsenter', ['-t', String(node.daemon.pid), '-m', 'sh', '-c', command]);
    const before = await node.runningConfig();
    const rename = () => node.tryCli('configure', 'hostname kyoto', 'commit confirmed 1');
    await inside(`cat /dev/zero > ${node.state}/fill`);
    const said = `nothing was changed: ${node.state}/pending-commit.json cannot be written: the disk is full`;
    expect(await rename()).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
    expect(await node.runningConfig()).toBe(before);
    await inside(`rm ${node.state}/fill`);
    expect(await rename()).toMatchObject({ code: 0 });
    await node.stop();
  });

  it('with a peer that has our own key', async () => {
    const node = new Node(lab, 1, 'own-key');
    const own = newKeyPair();
    const file = writeSecret(lab, 1, 'own.key', own.privateKey);
    const config = withPeer('', own.publicKey).replace(' peer', ` private-key-file ${file}\n peer`);
    expect(await refused(node, config, 1)).toMatch(/own/);
  });

  it('with a port that is taken', async () => {
    const holder = await new Node(lab, 1, 'holder').start(withPeer('').replace('octo7', 'octo8'));
    expect(await refused(new Node(lab, 1, 'second'), withPeer(''), 1)).toMatch(/port 7707 is already taken/);
    await holder.stop();
  });

  it('with an interface name that is taken: by a daemon, by another device', async () => {
    const holder = await new Node(lab, 1, 'holder').start(SIMPLE);
    expect(await refused(new Node(lab, 1, 'second'), SIMPLE, 1)).toMatch(/octo7 is already taken/);
    await holder.stop();
    await ip('link add octo7 type veth peer name octo7-peer');
    expect(await refused(new Node(lab, 1, 'second'), SIMPLE, 1)).toMatch(/octo7 is already taken/);
    await ip('link delete octo7');
    expect(await refused(new Node(lab, 1, 'second'), SIMPLE.replace('octo7', 'lo'), 1)).toMatch(
      /lo is already taken/,
    );
  });

  it('with a state folder that cannot be made', async () => {
    const node = new Node(lab, 1, 'state');
    writeFileSync(node.state, 'a file stands in the way\n');
    expect(await refused(node, SIMPLE, 1)).toContain(node.state);
  });

  it('with something that is no socket in the place of the socket', async () => {
    const node = new Node(lab, 1, 'no-socket');
    writeFileSync(node.socket, 'precious');
    const result = await node.tryStart(SIMPLE);
    expect(result).toMatchObject({ code: 69 });
    expect(readFileSync(node.socket, 'utf8')).toBe('precious');
  });
});

describe('a change that cannot be', () => {
  let node: Node;
  let holder: Node;

  beforeAll(async () => {
    if (labProblem) return;
    const peer = (port: number) =>
      ` listen port ${port}\n peer osaka\n  public-key ${OTHER.publicKey}\n  link 0\n   remote 10.1.0.2\n  exit\n exit\n`;
    holder = await new Node(lab, 1, 'holder').start(`interface octo2\n${peer(7702)} no shutdown\nexit\n`);
    node = await new Node(lab, 1, 'changing').start(`interface octo1\n${peer(7701)} no shutdown\nexit\n`);
    chmodSync(writeSecret(lab, 1, 'open.key', newKeyPair().privateKey), 0o644);
  });
  afterAll(async () => {
    await node?.stop();
    await holder?.stop();
  });

  it.each([
    ['a port that is taken', ['listen port 7702'], 'taken'],
    ['a key that others may read', ['private-key-file FOLDER/open.key'], 'open.key cannot be used'],
    [
      'a preshared key that is not there',
      ['peer osaka', 'preshared-key-file /nowhere/psk'],
      'psk cannot be used',
    ],
    ['an interface that is another daemon’s', ['exit', 'interface octo2', 'no shutdown'], 'taken'],
    ['an interface that is no TAP', ['exit', 'interface u1', 'no shutdown'], 'taken'],
  ])('%s leaves everything as it was', async (_, lines, word) => {
    const before = await node.runningConfig();
    const device = await ip('-details -json link show octo1');
    const commands = lines.map((line) => line.replace('FOLDER', node.folder));
    const result = await node.tryCli('configure terminal', 'interface octo1', ...commands);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(word);
    expect(await node.runningConfig()).toBe(before);
    expect(JSON.parse(await ip('-details -json link show octo1'))[0].mtu).toBe(JSON.parse(device)[0].mtu);
    const [shown] = await node.call('show.interfaces', { interface: 'octo1' });
    expect(shown).toMatchObject({ state: 'up', listenPort: 7701, bridge: null, workerAlive: true });
    expect((await node.call('show.system', {})).sockets.map(({ local }) => local)).toEqual(['0.0.0.0:7701']);
  });
});

describe('a daemon killed while it saves', () => {
  const KILLS = 20;
  const TRIES = 3;

  /** How long a save takes while nothing else holds it up, in milliseconds. */
  async function quickestSave(node: Node): Promise<number> {
    let quickest = Number.POSITIVE_INFINITY;
    for (let tried = 0; tried < TRIES; tried++) {
      const started = performance.now();
      await node.call('config.write', {});
      quickest = Math.min(quickest, performance.now() - started);
    }
    return quickest;
  }

  it('leaves the old configuration or the new one, whole', async () => {
    const node = new Node(lab, 1, 'saving');
    const filler = Array.from(
      { length: 400 },
      (_, index) => ` peer filler${index}\n  description ${'x'.repeat(200)}\n exit\n`,
    );
    const text = (generation: number) => `hostname g${generation}\ninterface octo5\n${filler.join('')}exit\n`;
    let saved = text(0);
    await node.start(saved);
    const saveMs = await quickestSave(node);
    await node.stop('SIGKILL');
    let renewed = 0;
    for (let kill = 1; kill <= KILLS; kill++) {
      await node.start();
      await node.configure(`hostname g${kill}`);
      const write = node.call('config.write', {}).catch(() => null);
      await pause((2 * saveMs * kill) / KILLS);
      await node.stop('SIGKILL');
      await write;
      const found = readFileSync(node.configFile, 'utf8');
      expect([saved, text(kill)]).toContain(found);
      if (found !== saved) renewed++;
      saved = found;
    }
    console.log(`${renewed} of ${KILLS} saves were done before the kill`);
    expect((await node.tryStart(null, ['--check'])).code).toBe(0);
  });
});
