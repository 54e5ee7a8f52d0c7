/** What an onlooker of the underlay sees, and whom a peer refuses to talk to. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { AeadName, PeerStatus } from '../../src/api/index.js';
import { type Node, type Site, startSite, tellOnFailure, waitAllUp, writeSecret } from './node.js';
import { Capture, udpPayload } from './raw.js';
import { answered, needsLab } from './support.js';

let lab: Lab;
let site: Site;

beforeEach(async (context) => {
  needsLab(context);
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });
});
afterEach(async (context) => {
  tellOnFailure(context, site);
  await lab?.remove();
});

const aeadOf = async (node: Node): Promise<AeadName | undefined> =>
  (await node.json<PeerStatus[]>('show peers'))[0].session?.aead;

describe.each(['aes-256-gcm', 'chacha20-poly1305'] as const)('with %s', (aead) => {
  it('nothing of a frame can be read on the underlay', async () => {
    site = await startSite(lab, () => ({ interfaceLines: [`aead ${aead}`] }));
    await waitAllUp(site, 1);
    expect([await aeadOf(site.nodes[0]), await aeadOf(site.nodes[1])]).toEqual([aead, aead]);

    const pattern = randomBytes(16);
    const [outside, inside] = await Promise.all(['u1', 'octo0'].map((dev) => Capture.start(lab, 1, dev)));
    const words = [
      '-q',
      '-c',
      '50',
      '-i',
      '0.002',
      '-s',
      '1000',
      '-p',
      pattern.toString('hex'),
      lanAddress(2),
    ];
    await lab.run(1, 'ping', words);
    const shows = (bytes: Buffer) => bytes.includes(pattern);
    await inside.until('the pings inside', 100, ({ bytes }) => shows(bytes));
    // On a busy machine several leave in one super-packet, which is captured as one.
    const longOnes = () =>
      outside
        .frames()
        .map(({ bytes }) => udpPayload(bytes)?.length ?? 0)
        .filter((length) => length > 1000);
    const carried = () => longOnes().reduce((sum, length) => sum + length, 0);
    await until('their datagrams outside', () => carried() >= 100 * 1000, 10_000);
    const seen = [...(await outside.stop())];
    await inside.stop();

    const datagrams = seen.map(({ bytes }) => udpPayload(bytes)).filter((found) => found !== null);
    expect(seen.filter(({ bytes }) => shows(bytes))).toEqual([]);
    const macs = await Promise.all(site.nodes.map((node) => node.mac()));
    for (const mac of macs) {
      const raw = Buffer.from(mac.replaceAll(':', ''), 'hex');
      expect(datagrams.filter((bytes) => bytes.includes(raw))).toEqual([]);
    }
    // Encrypted bytes all occur about equally often; a datagram of known content must not look otherwise.
    const counts = new Array<number>(256).fill(0);
    const sealed = datagrams.filter((bytes) => bytes.length > 1000).map((bytes) => bytes.subarray(16));
    for (const bytes of sealed) for (const byte of bytes) counts[byte]++;
    const mean = sealed.reduce((sum, bytes) => sum + bytes.length, 0) / 256;
    expect(Math.max(...counts)).toBeLessThan(mean * 1.5);
    expect(Math.min(...counts)).toBeGreaterThan(mean / 1.5);
  });
});

it('hosts with no AEAD in common do not come together, and say why', async () => {
  const own = ['aes-256-gcm', 'chacha20-poly1305'];
  site = await startSite(lab, (host) => ({ interfaceLines: [`aead ${own[host - 1]}`] }));
  await until(
    'a handshake to be refused',
    async () => (await drops(site.nodes[0])) + (await drops(site.nodes[1])) > 0,
    10_000,
  );
  for (const node of site.nodes) expect((await node.json<PeerStatus[]>('show peers'))[0].state).toBe('down');

  await site.nodes[0].cli('configure terminal', 'interface octo0', 'no aead');
  await site.nodes[0].waitPeer('h2');
  expect(await aeadOf(site.nodes[0])).toBe('chacha20-poly1305');
  expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);

  function drops(node: Node): Promise<number> {
    return node.drops('handshake/no-common-aead');
  }
});

describe('a preshared key', () => {
  const secrets = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

  /** `which` names the secret of each host; null: none. */
  async function start(which: (number | null)[]): Promise<void> {
    site = await startSite(lab, undefined, (host, config) => {
      const index = which[host - 1];
      if (index === null) return config;
      const file = writeSecret(lab, host, 'h.psk', secrets[index]);
      return config.replace(/^ {2}public-key .*$/m, (line) => `${line}\n  preshared-key-file ${file}`);
    });
  }

  const refusals = (node: Node) => node.drops('handshake/response-not-authentic');

  it('lets hosts in that share it', async () => {
    await start([0, 0]);
    await waitAllUp(site, 1);
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
  });

  it('that was changed in its file is read again by `clear peer`; a file that cannot be used changes nothing', async () => {
    await start([0, 0]);
    await waitAllUp(site, 1);
    writeSecret(lab, 1, 'h.psk', secrets[1]);
    await site.nodes[0].cli('clear peer h2');
    await until(
      'the secrets to differ',
      async () => (await refusals(site.nodes[0])) + (await refusals(site.nodes[1])) > 0,
      15_000,
    );
    writeSecret(lab, 2, 'h.psk', secrets[1]);
    await site.nodes[1].cli('clear peer h1');
    await until(
      'frames to pass again',
      async () => (await answered(lab.hosts[0].namespace, lanAddress(2))) === 3,
      20_000,
    );

    writeSecret(lab, 1, 'h.psk', 'no key at all');
    const refused = await site.nodes[0].tryCli('clear peer h2');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('h.psk cannot be used');
    expect(refused.stderr).not.toMatch(/base64|no key at all/);
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
  });

  it.each([
    ['differ', [0, 1]],
    ['only one has', [0, null]],
  ])('keeps hosts apart whose secrets %s', async (_, which) => {
    await start(which);
    await until(
      'a response to be found false',
      async () => {
        return (await Promise.all(site.nodes.map(refusals))).some((count) => count > 0);
      },
      15_000,
    );
    for (const node of site.nodes) {
      expect((await node.json<PeerStatus[]>('show peers'))[0]).toMatchObject({
        state: 'down',
        session: null,
      });
    }
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(0);
  });
});
