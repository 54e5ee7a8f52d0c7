/** Shows that grow with peers and stations: they come in pages, and what is printed is the whole. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type {
  ArpSuppressionStatus,
  GuardStatus,
  MemberStatus,
  MulticastStatus,
} from '../../src/api/index.js';
import { type Client, connect } from '../../src/client/index.js';
import { Finder } from '../../src/daemon/interfaces/finder.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { FakeBackend } from '../control/fake-backend.js';
import { exampleConfig, startServer, type TestServer } from '../control/fixtures.js';
import { runLines } from './in-process.js';

const PEERS = 5000;
/** Every second peer is guarded. */
const GUARDED = PEERS / 2;
const GROUPS = 3;
const PAGE = 200;
/** `::ffff:239.1.1.N` and `::ffff:10.1.X.Y`, as the words of an address. */
const words = (bytes: number[]): number[] => [0, 0, 0xffff, Buffer.from(bytes).readInt32BE()];
/** Lengths of the stretches that the worker was asked for. */
const asked: number[] = [];

function stretchOf<Row>(from: number, count: number, rowsOf: (row: number) => Row[]) {
  asked.push(count);
  const end = Math.min(from + count, PEERS);
  const rows = Array.from({ length: end - from }, (_, i) => rowsOf(from + i)).flat();
  return { rows, next: end < PEERS ? end : -1 };
}

const entry = (row: number) => ({ row, config: { name: `p${row}`, publicKey: 'key' }, links: new Map() });

const datapath = {
  guards: async (from: number, count: number) =>
    stretchOf(from, count, (port) => {
      const settings = { source: true, dhcpServer: false, ra: false, multicastRouter: false };
      const row = { port, settings, drops: [port, 0, 0, 0, 0], bindings: [], pinned: 0, most: 0, excess: 0 };
      return port % 2 === 0 ? [row] : [];
    }),
  multicast: async (from: number, count: number) => ({
    ...stretchOf(from, count, (port) => [
      { vlan: 0, group: words([239, 1, 1, port % GROUPS]), port, leftUs: 1e6 },
    ]),
    isOn: true,
    queriers: [],
    routers: from === 0 ? [{ port: 7, isIpv4: true, isIpv6: false, isStatic: false }] : [],
    open: [],
  }),
  neighbours: async (from: number, count: number) => ({
    ...stretchOf(from, count, (port) => {
      const address = { vlan: 0, words: words([10, 1, port >> 8, port & 255]), high: 0x200, low: port };
      return [{ ...address, port, isDuplicate: port === PEERS - 1, isRouter: false, leftUs: 1e6 }];
    }),
    answered: 12,
    duplicates: 0,
  }),
};

const runtime = {
  name: 'octo0',
  config: { name: 'octo0', peers: [], arpSuppression: true },
  datapath,
  peers: {
    atRow: entry,
    size: PEERS,
    from(row: number, limit: number) {
      const end = Math.min(row + limit, PEERS);
      const peers = Array.from({ length: end - row }, (_, i) => entry(row + i));
      return { peers, nextRow: end < PEERS ? end : null };
    },
  },
  members: {
    introducer: {
      of: ({ row }: { row: number }) =>
        row % 5 === 0 ? { entry: entry(row), sequence: 1, takenAt: 0, partners: [] } : undefined,
    },
    introductions: { of: () => undefined },
  },
} as unknown as InterfaceRuntime;

class ManyPeers extends FakeBackend {
  override parts(...given: Parameters<FakeBackend['parts']>) {
    return { ...super.parts(...given), find: new Finder(new Map([['octo0', runtime]])) };
  }
}

let server: TestServer;
let client: Client;

beforeAll(async () => {
  server = await startServer(0, new ManyPeers(exampleConfig()));
  client = await connect({ socket: server.path });
});
afterAll(async () => {
  client.close();
  await server.stop();
});

async function says(line: string): Promise<string> {
  const { code, out } = await runLines(server.path, [line]);
  expect(code).toBe(0);
  return out;
}

it('show guards has every guarded peer once, as text and as JSON', async () => {
  const names = Array.from({ length: GUARDED }, (_, i) => `p${2 * i}`);
  const text = (await says('show guards')).split('\n');
  expect(text.slice(0, 5)).toEqual([
    'Peer p0 on octo0',
    '  Source: 0 dropped',
    '  Not to be looked through: 0 dropped',
    '',
    'Peer p2 on octo0',
  ]);
  expect(text.flatMap((line) => /^Peer (\S+)/.exec(line)?.[1] ?? [])).toEqual(names);
  const guards: GuardStatus[] = JSON.parse(await says('show guards | json'));
  expect(guards.map(({ peer }) => peer)).toEqual(names);
  expect(await says('show guards name p499* sort drops limit 2')).toMatch(/^Peer p4998 .*Peer p4996 /s);
  expect(await says('show guards name nobody')).toBe('No peer is guarded.\n');
});

it('show members has every member once', async () => {
  const members: MemberStatus[] = JSON.parse(await says('show members | json'));
  expect(members.map(({ name }) => name)).toEqual(Array.from({ length: PEERS / 5 }, (_, i) => `p${5 * i}`));
  expect((await says('show members')).trimEnd().split('\n')).toHaveLength(1 + PEERS / 5);
});

it('show multicast has every group with all its members', async () => {
  const [status, ...others]: MulticastStatus[] = JSON.parse(await says('show multicast | json'));
  expect(others).toEqual([]);
  expect(status.routerPorts.map(({ peer }) => peer)).toEqual(['p7']);
  expect(status.groups.map(({ group }) => group)).toEqual(['239.1.1.0', '239.1.1.1', '239.1.1.2']);
  for (const [at, { members }] of status.groups.entries()) {
    const ofGroup = Array.from({ length: PEERS }, (_, row) => row).filter((row) => row % GROUPS === at);
    expect(members.map(({ peer }) => peer)).toEqual(ofGroup.map((row) => `p${row}`));
  }
  const rows = (await says('show multicast name 239.1.1.2')).split('\n');
  expect(rows.filter((line) => line.includes('239.1.1.2'))).toHaveLength(status.groups[2].members.length);
});

it('show arp-suppression has every address once', async () => {
  const [status]: ArpSuppressionStatus[] = JSON.parse(await says('show arp-suppression | json'));
  expect(new Set(status.addresses.map(({ address }) => address)).size).toBe(PEERS);
  expect([status.addresses.length, status.answered]).toEqual([PEERS, 12]);
});

it('doctor looks through all addresses', async () => {
  const { out } = await runLines(server.path, ['doctor']);
  const last = PEERS - 1;
  expect(out.replaceAll(/\s+/g, ' ')).toContain(`two stations have 10.1.${last >> 8}.${last & 255}`);
});

it('no page grows with the peers, and no stretch that the worker is asked for', async () => {
  const methods = ['show.guardsPage', 'show.membersPage', 'show.multicastPage', 'show.arpSuppressionPage'];
  for (const method of methods as 'show.guardsPage'[]) {
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page: { rows: unknown[]; next: string | null } = await client.request(method, {
        limit: PAGE,
        ...(cursor !== null && { cursor }),
      });
      expect(JSON.stringify(page).length, method).toBeLessThan(PAGE * 500);
      cursor = page.next;
      pages++;
    } while (cursor !== null);
    expect(pages, method).toBeGreaterThanOrEqual(5);
  }
  expect(Math.max(...asked)).toBeLessThanOrEqual(500);
});

it.each(['show.multicast', 'show.arpSuppression'] as const)(
  '%s of many refuses in one answer',
  async (method) => {
    await expect(client.request(method, {})).rejects.toThrow('ask for pages');
  },
);
