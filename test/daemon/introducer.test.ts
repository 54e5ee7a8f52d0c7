/** A server that introduces clients to each other, and where a client then looks for another one. */
import { describe, expect, it } from 'vitest';
import type { InterfaceConfig, PeerConfig } from '../../src/api/config.js';
import { generateKeyPair, type KeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import { directPeer, endsOf } from '../../src/daemon/interfaces/direct-peer.js';
import { Introducer } from '../../src/daemon/interfaces/introducer.js';
import { Introductions } from '../../src/daemon/interfaces/introductions.js';
import { MemberRefusals } from '../../src/daemon/interfaces/member-refusals.js';
import { PeerEntries, type PeerEntry } from '../../src/daemon/interfaces/peer-entries.js';
import { pathWords } from '../../src/daemon/interfaces/udp-sockets.js';
import { parseIp } from '../../src/grammar/address.js';
import type { Endpoint } from '../../src/member/fields.js';
import type { MemberMessage } from '../../src/member/messages.js';
import { memberSigningKeys, readRecord, signRecord } from '../../src/member/record.js';

const SECOND = 1e6;
const PARENT: InterfaceConfig = {
  name: 'octo0',
  addresses: [],
  disabledOffloads: [],
  peers: [],
  enabled: true,
  introduce: true,
};

function endpoint(address: string, link = 0, port = 7700): Endpoint {
  return { link, address: parseIp(address)!, port };
}

function recordOf(keys: KeyPair, endpoints: Endpoint[] = [], signedBy = keys, sequence = 1): Uint8Array {
  const said = {
    name: 'x',
    publicKey: keys.publicKey,
    sequence,
    signedMs: 0,
    lifetimeS: 60,
    isGone: false,
  };
  const signing = memberSigningKeys(primitives, signedBy.secretKey);
  return signRecord(primitives, { ...said, endpoints, vlans: [], groups: [] }, signing);
}

class Server {
  now = 0;
  config = PARENT;
  readonly sent: { to: string; message: MemberMessage }[] = [];
  readonly peers = new PeerEntries();
  readonly keys = new Map<string, KeyPair>();
  welcome = true;
  readonly told: string[] = [];
  readonly refusals = new MemberRefusals(
    () => this.now,
    (peer, detail) => this.told.push(`${peer.config.name} ${detail}`),
  );
  readonly introducer = new Introducer({
    refusals: this.refusals,
    config: () => this.config,
    now: () => this.now,
    send: (peer, message) => this.sent.push({ to: peer.config.name, message }),
    named: (name) => this.peers.get(name),
    isWelcome: () => this.welcome,
  });

  /** A client with one link that is up, seen at an address. */
  client(name: string, address: string, settings: Partial<PeerConfig> = {}): PeerEntry {
    const keys = generateKeyPair(primitives);
    this.keys.set(name, keys);
    const publicKey = Buffer.from(keys.publicKey).toString('base64');
    const config = { name, publicKey, splitHorizon: false as const, links: [], ...settings };
    const entry = this.peers.add(config);
    const path = pathWords({ address, port: 40_000 }, { dscp: 0, fwmark: 0 });
    this.peers.addLink(entry, { id: 0, remote: { kind: 'dynamic' } }, path).state = 'up';
    return entry;
  }

  give(entry: PeerEntry, record = recordOf(this.keys.get(entry.config.name)!)): void {
    this.introducer.record(entry, record);
    this.now += SECOND;
  }

  taken(): { to: string; what: string }[] {
    return this.sent.splice(0).map(({ to, message }) => ({ to, what: message.what }));
  }
}

function two(settings: Partial<PeerConfig>[] = []) {
  const server = new Server();
  const [a, b] = ['a', 'b'].map((name, index) =>
    server.client(name, `198.51.100.${index + 1}`, settings[index] ?? {}),
  );
  for (const entry of [a, b]) server.give(entry);
  server.sent.length = 0;
  return { server, a, b };
}

describe('a server', () => {
  it('introduces two clients that talk, with what it sees of them, and not again at once', () => {
    const { server, a, b } = two();
    server.introducer.talk(a, b);
    const toB = server.sent.find(({ to }) => to === 'b')?.message;
    expect(toB).toMatchObject({
      what: 'introduction',
      name: 'a',
      seen: [endpoint('198.51.100.1', 0, 40_000)],
    });
    expect(server.taken()).toEqual([
      { to: 'b', what: 'introduction' },
      { to: 'a', what: 'introduction' },
    ]);
    const times: number[] = [];
    for (let second = 0; second < 2000; second++) {
      server.introducer.talk(a, b);
      if (server.taken().length > 0) times.push(second);
      server.now += SECOND;
    }
    expect(times).toEqual([4, 34, 154, 754, 1354, 1954]);
  });

  it('introduces two soon again of which one was restarted, however rarely they were introduced at last', () => {
    const { server, a, b } = two();
    const talk = () => {
      server.introducer.talk(a, b);
      return server.taken().length;
    };
    const times: number[] = [];
    for (let second = 0; second < 1000; second++) {
      if (talk() > 0) times.push(second);
      server.now += SECOND;
    }
    expect(times.at(-1)).toBe(754);
    const keys = server.keys.get('b')!;
    server.give(b, recordOf(keys, [], keys, 2));
    server.sent.length = 0;
    expect(talk()).toBe(2);
    // Another record each moment gains nothing.
    server.give(b, recordOf(keys, [], keys, 3));
    server.now -= SECOND / 2;
    server.sent.length = 0;
    expect(talk()).toBe(0);
    server.now += SECOND / 2;
    expect([talk(), talk()]).toEqual([2, 0]);
  });

  it('introduces nobody who has not asked for it, or may not be, or whom it would not switch to the other', () => {
    for (const settings of [
      [{ introduce: false }, {}],
      [{ splitHorizon: 1 }, { splitHorizon: 1 }],
    ] satisfies Partial<PeerConfig>[][]) {
      const { server, a, b } = two(settings);
      server.introducer.talk(a, b);
      expect(server.taken()).toEqual([]);
    }
    const server = new Server();
    const [a, b] = [server.client('a', '198.51.100.1'), server.client('b', '198.51.100.2')];
    server.give(a);
    server.taken();
    server.introducer.talk(a, b);
    expect(server.taken()).toEqual([]);
  });

  it('takes a record only from the session of the key in it, signed, and not at any rate', () => {
    const server = new Server();
    const [a, b] = [server.client('a', '198.51.100.1'), server.client('b', '198.51.100.2')];
    server.give(a, recordOf(server.keys.get('b')!));
    const forged = recordOf(server.keys.get('a')!);
    forged[90] ^= 1;
    server.give(a, forged);
    expect(server.taken()).toEqual([]);
    expect(server.refusals.counters['record-forged']).toBe(2);
    expect(server.told).toHaveLength(1);
    server.now += 60 * SECOND;
    server.give(a, forged);
    expect(server.told[1]).toMatch(/^a refused: record of a peer/);
    for (let times = 0; times < 100; times++) server.introducer.record(b, recordOf(server.keys.get('b')!));
    expect(server.taken()).toEqual([{ to: 'b', what: 'taken' }]);
    expect(server.refusals.counters['record-too-soon']).toBe(99);
  });

  it('withdraws one that is no longer welcome from those that it was introduced to, and says so when asked', () => {
    const { server, a, b } = two();
    server.introducer.talk(a, b);
    server.taken();
    const publicKey = server.keys.get('a')!.publicKey;
    server.introducer.question(b, publicKey);
    expect(server.taken()).toEqual([]);
    server.welcome = false;
    server.introducer.left(a);
    server.introducer.question(b, publicKey);
    expect(server.sent.map(({ to, message }) => [to, message])).toEqual([
      ['b', { what: 'withdrawal', publicKey }],
      ['b', { what: 'withdrawal', publicKey }],
    ]);
  });

  it('withdraws whom another configuration does not let it introduce', () => {
    const { server, a, b } = two();
    server.introducer.talk(a, b);
    server.taken();
    server.config = { ...PARENT, introduce: false };
    server.introducer.configured();
    expect(server.taken().sort((x, y) => (x.to < y.to ? -1 : 1))).toEqual([
      { to: 'a', what: 'withdrawal' },
      { to: 'b', what: 'withdrawal' },
    ]);
  });
});

describe('a client looks for another one', () => {
  const keys = generateKeyPair(primitives);
  const server: PeerConfig = {
    name: 's',
    links: [{ id: 0, remote: { kind: 'address', address: '203.0.113.1', port: 7700 } }, { id: 7 }],
  };
  const ends = (endpoints: Endpoint[], seen: Endpoint[], ownSeen: Endpoint[]) => {
    const record = readRecord(primitives, recordOf(keys, endpoints))!;
    return endsOf(server, { record, seen, ownSeen }).get(0);
  };

  it('where the server sees it, and nowhere else that it claims', () => {
    const claimed = [endpoint('10.0.0.5'), endpoint('192.0.2.99', 0, 53)];
    expect(ends(claimed, [endpoint('198.51.100.2')], [endpoint('198.51.100.1')])).toEqual([
      { address: '198.51.100.2', port: 7700 },
    ]);
    expect(ends(claimed, [], [endpoint('198.51.100.1')])).toBeUndefined();
    expect(ends([], [endpoint('127.0.0.1')], [])).toBeUndefined();
  });

  it('behind one NAT at the addresses that it has there, first of all', () => {
    const own = [endpoint('10.0.0.5')];
    expect(ends(own, [endpoint('198.51.100.1', 0, 9)], [endpoint('198.51.100.1', 0, 8)])).toEqual([
      { address: '10.0.0.5', port: 7700 },
      { address: '198.51.100.1', port: 9 },
    ]);
  });

  it('slowly by links that were never up, by the others as by those to the server', () => {
    const found = new Map([[0, [{ address: '198.51.100.2', port: 1 }]]]);
    const peer = (proven: number[]) =>
      directPeer(PARENT, server, { name: 'a', publicKey: 'k', ends: found, proven: new Set(proven) });
    expect(peer([]).links).toMatchObject([
      { id: 0, timers: { interval: 500, hold: 1500 } },
      { id: 7, remote: { kind: 'via', peer: 's' }, priority: 0 },
    ]);
    expect(peer([0]).links[0].timers).toEqual({ interval: 100, hold: 300 });
  });
});

describe('a client', () => {
  it('counts why it does not follow an introduction, and follows none of a peer that is no server', () => {
    const peers = new PeerEntries();
    const [own, friend, stranger] = [1, 2, 3].map(() => generateKeyPair(primitives));
    const server = peers.add({ name: 'server', links: [], direct: {} } as PeerConfig);
    const plain = peers.add({ name: 'plain', links: [] });
    const refusals = new MemberRefusals(
      () => 0,
      () => {},
    );
    const client = new Introductions({
      peers,
      refusals,
      now: () => 0,
      config: () => PARENT,
      keys: () => own,
      hasKey: (key: Uint8Array) => primitives.equal(key, friend.publicKey),
    } as unknown as ConstructorParameters<typeof Introductions>[0]);
    const introduce = (by: PeerEntry, keys: KeyPair, name = 'x', record = recordOf(keys)): void =>
      client.introduced(by, { what: 'introduction', name, seen: [], record });
    introduce(plain, stranger);
    const forged = recordOf(stranger);
    forged[90] ^= 1;
    introduce(server, stranger, 'x', forged);
    introduce(server, own);
    introduce(server, friend);
    introduce(server, stranger, 'plain');
    introduce(server, stranger);
    const counted = Object.entries(refusals.counters).filter(([, count]) => count > 0);
    expect(Object.fromEntries(counted)).toEqual({
      'not-a-server': 1,
      'introduction-forged': 1,
      'member-known': 2,
      'member-name-taken': 1,
      'member-without-way': 1,
    });
  });
});
