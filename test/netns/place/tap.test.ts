/** The TAP stays what it is, with all that others have put on it, whatever changes about the interface. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostFolder } from '../../../scripts/lab/lab.js';
import { lanAddress, newKeyPair, PORT, ROOT } from '../../../scripts/lab/mesh.js';
import { until } from '../../../scripts/lab/run.js';
import { Flood } from '../flood.js';
import { writeSecret } from '../node.js';
import { answered, labProblem, needsLab } from '../support.js';
import { Cables, PATIENCE_S } from './cables.js';

/** The sender of numbered datagrams. */
const STREAM = join(ROOT, 'dist/scripts/stream/program.js');
const ROUTE = '10.99.0.0/16';
/** Frames that a change may cost that ends the session. */
const MAY_BE_LOST = 2;

describe('the TAP of a running interface', () => {
  let cables: Cables;

  beforeAll(async () => {
    if (labProblem) return;
    cables = await Cables.build({ families: [4] });
    await cables.allUp();
    await cables.ip(1, `route add ${ROUTE} via ${lanAddress(2)}`);
  });
  afterAll(async () => {
    await cables?.remove();
  });
  beforeEach(needsLab);

  const ifindex = () => cables.lab.run(1, 'cat', ['/sys/class/net/octo0/ifindex']);
  const route = () => cables.ip(1, `route show ${ROUTE}`);

  /** Carries out a change; index and route of the TAP stay, and next to no frame is lost. */
  async function keepsTap(change: () => Promise<void>): Promise<void> {
    const before = [await ifindex(), await route()];
    const flood = await Flood.start(cables.lab, 1, lanAddress(2));
    await change();
    await cables.isUp(0);
    const { lost } = await flood.end();
    expect([await ifindex(), await route()]).toEqual(before);
    expect(lost).toBeLessThanOrEqual(MAY_BE_LOST);
  }

  it.each([
    'scheduling realtime',
    'no scheduling',
    'no offload udp-gso',
    'offload udp-gso',
    'no offload udp-gro',
    'no offload tap-tso',
    'offload tap-tso',
    'aead chacha20-poly1305',
    'persist',
    'no persist',
    'mtu 1400',
  ])('outlives "%s"', async (line) => {
    await keepsTap(() => cables.node(1).configure('interface octo0', line));
  });

  it('outlives a new private key', async () => {
    const { publicKey, privateKey } = newKeyPair();
    const file = writeSecret(cables.lab, 1, 'other.key', privateKey);
    await keepsTap(async () => {
      await cables.node(2).configure('interface octo0', 'peer h1', `public-key ${publicKey}`);
      await cables.node(1).configure('interface octo0', `private-key-file ${file}`);
    });
    const [shown] = await cables.node(1).call('show.interfaces', {});
    expect(shown.publicKey).toBe(publicKey);
  });

  it('has a queue in the kernel, and what is dropped there is counted', async () => {
    const node = cables.node(1);
    const dropped = () => node.drops('tap-queue-full');
    const before = await dropped();
    node.daemon.signal('SIGSTOP');
    const toAll = lanAddress(1).replace(/\d+$/, '255');
    // Nobody answers, so ping fails.
    await cables.lab
      .run(1, 'ping', ['-b', '-q', '-c', '1300', '-l', '1300', '-w', '1', toAll])
      .catch(() => {});
    node.daemon.signal('SIGCONT');
    await cables.allUp();
    expect((await dropped()) - before).toBeGreaterThanOrEqual(200);
    await node.cli('clear counters');
    expect(await dropped()).toBe(0);
  });

  it('has sockets with queues too, of which the drops are counted as the kernel tells them', async () => {
    const node = cables.node(2);
    const before = await node.drops('rx-queue-full');
    node.daemon.signal('SIGSTOP');
    const to = ['--to', cables.lab.attachment(2, 1).address, '--port', String(PORT)];
    const burst = ['--rate', '100000', '--bytes', '1400', '--seconds', '1'];
    await cables.lab.run(1, process.execPath, [STREAM, 'send', ...to, ...burst]);
    node.daemon.signal('SIGCONT');
    await cables.allUp();
    const dropped = (await node.drops('rx-queue-full')) - before;
    expect(dropped).toBeGreaterThan(0);
    const [, ...sockets] = (await cables.lab.run(2, 'cat', ['/proc/net/udp'])).trim().split('\n');
    expect(sockets.reduce((sum, line) => sum + Number(line.trim().split(/\s+/).at(-1)), 0)).toBe(dropped);
  });

  it('says what another program did to it, until that is undone', async () => {
    const node = cables.node(1);
    const shown = async () => (await node.call('show.interfaces', {}))[0];
    const { mac } = await shown();
    const address = `${lanAddress(1)}/24 dev octo0`;
    for (const [words, done, undone] of [
      ['queue of length 0', 'link set octo0 txqueuelen 0', 'link set octo0 txqueuelen 1000'],
      [
        'MAC address 02:00:00:00:00:aa',
        'link set octo0 address 02:00:00:00:00:aa',
        `link set octo0 address ${mac}`,
      ],
      [`address ${lanAddress(1)}/24`, `address del ${address}`, `address add ${address}`],
    ]) {
      await cables.ip(1, done);
      const isMissed = async () => (await shown()).missing.join().includes(words);
      await until(`"${words}" to be missed`, isMissed, PATIENCE_S * 1000);
      await cables.ip(1, undone);
      await until(
        'nothing to be missed',
        async () => (await shown()).missing.length === 0,
        PATIENCE_S * 1000,
      );
    }
  });
});

describe('a key that is shared', () => {
  let cables: Cables | undefined;
  const fileOf = (host: number) => join(hostFolder((cables as Cables).lab, host), 'psk');
  const write = (host: number, key: string) => writeFileSync(fileOf(host), `${key}\n`, { mode: 0o600 });

  beforeEach(needsLab);
  afterEach(async (context) => {
    await cables?.remove(context);
    cables = undefined;
  });

  async function signalled(lines: Cables, host: number): Promise<void> {
    const node = lines.node(host);
    node.daemon.signal('SIGHUP');
    const isDone = () => node.log().includes('the startup configuration was loaded again');
    await until('the configuration to be loaded again', isDone, PATIENCE_S * 1000);
  }

  it.each([
    ['clear peer', (lines: Cables, host: number) => lines.node(host).cli(`clear peer h${3 - host}`)],
    ['SIGHUP', signalled],
  ])('is read again at %s', async (_how, readAgain) => {
    const [first, second] = [newKeyPair().privateKey, newKeyPair().privateKey];
    cables = await Cables.build({
      families: [4],
      prepare: async (lines) => {
        cables = lines;
        for (const host of [1, 2]) write(host, first);
      },
      edit: (host, config) => config.replace(/(public-key .*)/, `$1\n  preshared-key-file ${fileOf(host)}`),
    });
    await cables.allUp();
    const node = cables.node(1);
    write(1, second);
    await readAgain(cables, 1);
    // It counts from the next handshake on.
    await cables.node(2).cli('clear peer h1');
    await node.waitPeer('h2', 'down', PATIENCE_S);
    write(2, second);
    await readAgain(cables, 2);
    await node.waitPeer('h2', 'up', PATIENCE_S);
    expect(await answered(cables.namespace(1), lanAddress(2))).toBe(3);
  });
});

describe('a bridge that the TAP belongs into', () => {
  let cables: Cables | undefined;

  beforeEach(needsLab);
  afterEach(async (context) => {
    await cables?.remove(context);
    cables = undefined;
  });

  async function make(lines: Cables): Promise<void> {
    await lines.ip(1, 'link add br0 type bridge');
    await lines.ip(1, `address add ${lanAddress(1)}/24 dev br0`);
    await lines.ip(1, 'link set br0 up');
  }

  it('may come after the daemon, go, and be made again', async () => {
    cables = await Cables.build({
      families: [4],
      edit: (host, config) => (host === 1 ? config.replace(/ address .*/, ' bridge br0') : config),
    });
    await cables.allUp();
    const [shown] = await cables.node(1).call('show.interfaces', {});
    expect(shown).toMatchObject({ bridge: 'br0', state: 'up' });
    expect(await cables.node(1).cli('show interfaces')).toMatch(/br0.*absent|absent.*br0/);
    const lines = cables;
    for (let round = 0; round < 3; round++) {
      await make(lines);
      const joined = async () => (await lines.ip(1, '-br link show master br0')).includes('octo0');
      await until('the TAP to join br0', joined, PATIENCE_S * 1000);
      expect(await answered(lines.namespace(1), lanAddress(2))).toBe(3);
      await lines.ip(1, 'link del br0');
    }
  });
});

describe('a TAP that is moved to another network namespace', () => {
  let cables: Cables | undefined;

  beforeEach(needsLab);
  afterEach(async (context) => {
    await cables?.remove(context);
    cables = undefined;
  });

  it('is missed although the kernel could not tell of it', async () => {
    cables = await Cables.build({ families: [4] });
    await cables.allUp();
    const { lab } = cables;
    const node = cables.node(1);
    node.daemon.signal('SIGSTOP');
    // More than the queue of events holds.
    await lab.run(1, 'sh', ['-c', 'seq -f "route add blackhole 198.19.1.1 metric %g" 8000 | ip -batch -']);
    await cables.ip(1, `link set octo0 netns ${cables.namespace(2)} name moved`);
    node.daemon.signal('SIGCONT');
    const isMissed = async () => (await node.call('show.interfaces', {}))[0].missing.join().includes('moved');
    await until('the TAP to be missed', isMissed, PATIENCE_S * 1000);
    const refused = await node.tryCli('configure terminal', 'interface octo0', 'mtu 1300');
    expect(refused.stderr).toContain(
      'another network namespace: "shutdown" and "no shutdown" make a new one',
    );
  });
});

describe('a TAP that others have made', () => {
  let cables: Cables | undefined;

  beforeEach(needsLab);
  afterEach(async (context) => {
    await cables?.remove(context);
    cables = undefined;
  });

  it('is used, and left where it was', async () => {
    cables = await Cables.build({
      families: [4],
      prepare: async (lines) => {
        await lines.ip(1, 'tuntap add octo0 mode tap');
      },
    });
    await cables.allUp();
    expect(await answered(cables.namespace(1), lanAddress(2))).toBe(3);
    await cables.node(1).stop();
    expect(await cables.ip(1, 'link show octo0')).toContain('octo0');
  });

  it('runs untouched without any capability when a user owns it', async () => {
    const more = '10.98.0.1/24';
    cables = await Cables.build({
      families: [4],
      edit: (host, config) => (host === 1 ? config.replace(/( address .*)/, `$1\n address ${more}`) : config),
    });
    const node = cables.node(1);
    await node.stop();
    await cables.ip(1, 'tuntap add octo0 mode tap user 0');
    for (const step of ['address 02:00:00:00:00:aa', 'mtu 1400', 'up'])
      await cables.ip(1, `link set octo0 ${step}`);
    await cables.ip(1, `address add ${lanAddress(1)}/24 dev octo0`);
    node.wrapper = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
    await node.start();
    await cables.allUp();
    expect(await answered(cables.namespace(1), lanAddress(2))).toBe(3);
    const [shown] = await node.call('show.interfaces', {});
    expect(shown).toMatchObject({ state: 'up', mac: '02:00:00:00:00:aa' });
    for (const words of ['mtu 1500', more]) expect(shown.missing.join()).toContain(words);
    expect(shown.missing.join()).not.toContain(lanAddress(1));
    await node.stop();
    expect(await cables.ip(1, 'link show octo0')).toMatch(/mtu 1400[\s\S]*02:00:00:00:00:aa/);
  });
});
