/** A client of several servers: one carries, the others stand by, and what either side floods arrives once. */

import { describe, expect, it } from 'vitest';
import type { DatapathEvent } from '../../src/contract/events.js';
import { NO_DUPLICATES } from '../../src/datapath/frames/duplicate.js';
import { PATH, SOCKET_ERROR, VNET_HEADER } from '../../src/native/ops.js';
import { ETHERNET_HEADER } from '../../src/switch/frame.js';
import { cut } from '../sim/cuts.js';
import { BROADCAST, EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { Lan, type LanOptions, linkRow, PORT_SETTINGS, pathTo, relayName } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { integer, withSeed } from '../sim/random.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

/** Where the payload of a frame begins in a record of the TAP. */
const PAYLOAD = VNET_HEADER + ETHERNET_HEADER;

const CLIENT = 0;
const [A, B, C] = [1, 2, 3];
const SERVERS = [A, B, C];
const RARP = 0x8035;

/** A client with three servers, the first of the highest priority. `preemptUs`: null for none. */
function start(
  seed: number,
  preemptUs: number | null = null,
  arePeers: (a: number, b: number) => boolean = () => true,
  portOf: LanOptions['portOf'] = undefined,
) {
  const settings = { uplinkGroups: preemptUs === null ? [] : [{ name: 'servers', preemptUs }] };
  const lan = new Lan(new World(seed, { delayUs: 2 * MILLISECOND }), {
    hosts: 4,
    links: 2,
    arePeers,
    ...(portOf === undefined ? {} : { portOf }),
    node: { settings },
  });
  const client = lan.nodes[CLIENT];
  for (const server of SERVERS) join(client, server, 200 - server);
  lan.world.run(SECOND);
  return { lan, world: lan.world, client, moves: () => movesOf(client) };
}

function join(client: SimNode, server: number, priority: number): void {
  client.command({
    kind: 'peer',
    row: server,
    policy: 'passive',
    copies: 0,
    duplicate: NO_DUPLICATES,
    uplink: { group: 'servers', priority },
    name: relayName(server),
    port: PORT_SETTINGS,
  });
}

type Move = Extract<DatapathEvent, { kind: 'uplink' }>;

function movesOf(node: SimNode): Move[] {
  return node.events.filter((event): event is Move => event.kind === 'uplink');
}

function activeOf(client: SimNode): number {
  return movesOf(client).at(-1)?.peer ?? -1;
}

let number = 0;
function broadcastFrom(node: SimNode, station = stationOf(node.id)): number {
  return frameFrom(node, station, BROADCAST);
}

function frameFrom(node: SimNode, station: Uint8Array, to: Uint8Array): number {
  const payload = new Uint8Array(46);
  number = (number + 1) % 65536;
  payload[0] = number >> 8;
  payload[1] = number;
  node.fromKernel(withVirtio(ethernet(to, station, EXPERIMENTAL, payload)));
  return number;
}

/** Numbers of the broadcasts that came out of a TAP since it was last asked. */
function heard(node: SimNode): number[] {
  return node.tap
    .take()
    .filter((record) => typeOf(record) === EXPERIMENTAL)
    .map((record) => record[PAYLOAD] * 256 + record[PAYLOAD + 1]);
}

function typeOf(record: Uint8Array): number {
  return record[PAYLOAD - 2] * 256 + record[PAYLOAD - 1];
}

/** Sources of the reverse ARP requests that came out of a TAP. */
function announced(node: SimNode): string[] {
  return node.tap
    .take()
    .filter((record) => typeOf(record) === RARP)
    .map((record) => record.slice(VNET_HEADER + 6, VNET_HEADER + 12).join(':'))
    .sort();
}

function drainServer(lan: Lan, server: number, drain: boolean): void {
  for (const link of [0, 1])
    lan.nodes[server].command({ kind: 'link-drain', row: linkRow(CLIENT, link), drain });
}

/** ICMP says that nobody listens at the ports of a server on these networks. */
function refuse(client: SimNode, server: number, networks: readonly number[]): void {
  for (const socket of networks) {
    const path = pathTo(server, socket);
    const row = new Int32Array(SOCKET_ERROR.WORDS);
    const isV4 = path[PATH.FAMILY] === 4;
    row[SOCKET_ERROR.ORIGIN] = isV4 ? 2 : 3;
    row[SOCKET_ERROR.TYPE] = isV4 ? 3 : 1;
    row[SOCKET_ERROR.CODE] = isV4 ? 3 : 4;
    row.set(path, SOCKET_ERROR.TO);
    client.answered(row, socket);
  }
}

describe('a client of three servers', () => {
  it('takes the one of the highest priority; what another floods does not reach it', () =>
    withSeed((seed) => {
      const { lan, world, client } = start(seed);
      expect(activeOf(client)).toBe(A);
      const sent = SERVERS.map((server) => broadcastFrom(lan.nodes[server]));
      world.run(20 * MILLISECOND);
      expect(heard(client)).toEqual([sent[0]]);
      for (const server of SERVERS) heard(lan.nodes[server]);
      const own = broadcastFrom(client);
      world.run(20 * MILLISECOND);
      expect(SERVERS.map((server) => heard(lan.nodes[server]))).toEqual([[own], [], []]);
    }));

  it('goes to the next one when the server dies, and its stations are announced there', () =>
    withSeed((seed) => {
      const { lan, world, client } = start(seed);
      const stations = [0, 1, 2].map((index) => stationOf(CLIENT, index));
      for (const station of stations) broadcastFrom(client, station);
      world.run(50 * MILLISECOND);
      for (const server of SERVERS) lan.nodes[server].tap.take();
      lan.nodes[A].halt();
      world.run(100 * MILLISECOND);
      expect(activeOf(client)).toBe(B);
      expect(announced(lan.nodes[B])).toEqual(stations.map((station) => station.join(':')).sort());
      expect(announced(lan.nodes[C])).toEqual([]);
      const sent = [B, C].map((server) => broadcastFrom(lan.nodes[server]));
      world.run(20 * MILLISECOND);
      expect(heard(client)).toEqual([sent[0]]);
    }));

  it('moves as soon as a server is silent for its hold time, long before its links are judged, and it was only late', () =>
    withSeed((seed) => {
      const { lan, world, client } = start(seed);
      world.run(3 * SECOND);
      const links = client.linkEvents().length;
      lan.nodes[A].stall(60 * MILLISECOND);
      world.run(50 * MILLISECOND);
      expect(movesOf(client).at(-1)).toMatchObject({ peer: B, before: A, cause: 'active-silent' });
      world.run(SECOND);
      expect(activeOf(client)).toBe(B);
      expect(client.linkEvents().length).toBe(links);
      const sent = [A, B].map((server) => broadcastFrom(lan.nodes[server]));
      world.run(20 * MILLISECOND);
      expect(heard(client)).toEqual([sent[1]]);
    }));

  it('moves sooner when the ports of a silent server are said to be closed, all of them', () =>
    withSeed((seed) => {
      for (const networks of [[0, 1], [0], []]) {
        const { lan, world, client } = start(seed);
        lan.nodes[A].halt();
        // Less than the hold time after the last heartbeat, more than one and a half intervals.
        for (let turn = 0; turn < 19; turn++) {
          world.run(MILLISECOND);
          refuse(client, A, networks);
        }
        expect(activeOf(client)).toBe(networks.length === 2 ? B : A);
        world.run(SECOND);
        expect(activeOf(client)).toBe(B);
      }
    }));

  it('is not moved by forged words about ports of a server that is there, nor are its links', () =>
    withSeed((seed) => {
      const { lan, world, client } = start(seed);
      world.run(3 * SECOND);
      const events = client.linkEvents().length;
      for (let turn = 0; turn < 500; turn++) {
        for (const server of SERVERS) refuse(client, server, [0, 1]);
        if (turn % 100 === 50) lan.nodes[A].stall(8 * MILLISECOND);
        world.run(2 * MILLISECOND);
      }
      expect(movesOf(client)).toHaveLength(1);
      expect(client.linkEvents()).toHaveLength(events);
    }));

  it('stays where it is when the better one comes back, unless it is told to preempt', () =>
    withSeed((seed) => {
      for (const preemptUs of [null, 2 * SECOND]) {
        const { lan, world, client } = start(seed, preemptUs);
        world.run(3 * SECOND);
        for (const network of [0, 1]) cut(world, 'black hole', client, lan.nodes[A], network);
        world.run(SECOND);
        expect(activeOf(client)).toBe(B);
        for (const network of [0, 1]) {
          world.wire(client, lan.nodes[A], network).gate.isOpen = true;
          world.wire(lan.nodes[A], client, network).gate.isOpen = true;
        }
        world.run(SECOND);
        expect(activeOf(client)).toBe(B);
        world.run(3 * SECOND);
        expect(activeOf(client)).toBe(preemptUs === null ? B : A);
      }
    }));

  it('leaves a server that is drained before the last link goes, and comes back to none that drains', () =>
    withSeed((seed) => {
      const { lan, world, client } = start(seed);
      drainServer(lan, A, true);
      world.run(50 * MILLISECOND);
      expect(movesOf(client).at(-1)).toMatchObject({ peer: B, before: A, cause: 'active-drains' });
      drainServer(lan, B, true);
      drainServer(lan, C, true);
      world.run(50 * MILLISECOND);
      expect(activeOf(client)).toBe(C);
    }));

  it('on one LAN behind all servers: what it sends and what it is sent by broadcast arrives exactly once', () =>
    withSeed((seed) => {
      // Servers that share a LAN are not peers of each other: that would join them twice.
      const { lan, world, client } = start(seed, null, (a, b) => a === CLIENT || b === CLIENT);
      const drained = new Set<number>();
      const toClient: number[] = [];
      const fromClient: number[] = [];
      const [atClient, atServers] = [[] as number[], [] as number[]];
      for (let turn = 0; turn < 400; turn++) {
        if (turn % 40 === 20) {
          const server = SERVERS[integer(world.random, 0, 2)];
          if (drained.delete(server)) drainServer(lan, server, false);
          else if (drained.size < 2) drainServer(lan, drained.add(server) && server, true);
        }
        fromClient.push(broadcastFrom(client));
        // The servers stand on one LAN: what is said there comes to all of them.
        const payload = broadcastFrom(lan.nodes[A], stationOf(9));
        for (const server of [B, C]) {
          number--;
          expect(broadcastFrom(lan.nodes[server], stationOf(9))).toBe(payload);
        }
        toClient.push(payload);
        world.run(10 * MILLISECOND);
        atClient.push(...heard(client));
        for (const server of SERVERS) atServers.push(...heard(lan.nodes[server]));
      }
      world.run(100 * MILLISECOND);
      atClient.push(...heard(client));
      expect(atServers.filter((one) => fromClient.includes(one)).sort()).toEqual(fromClient.sort());
      expect(atClient.sort()).toEqual(toClient.sort());
    }));

  it.each(['has heard', 'has not heard'])(
    'announces its stations by every link: what is for one of which the new server %s comes once',
    (known) =>
      withSeed((seed) => {
        // Servers are a mesh, and hand on what is for clients.
        const { lan, world, client } = start(seed, null, undefined, (host, peer) =>
          host !== CLIENT && peer === CLIENT ? { splitHorizon: 1 } : {},
        );
        const station = stationOf(CLIENT);
        broadcastFrom(lan.nodes[A]);
        world.run(50 * MILLISECOND);
        if (known === 'has heard') broadcastFrom(client);
        else frameFrom(client, station, stationOf(A));
        world.run(50 * MILLISECOND);
        for (const node of lan.nodes) node.tap.take();
        const sent: number[] = [];
        const arrived: number[] = [];
        for (let turn = 0; turn < 200; turn++) {
          if (turn === 50) {
            // The link that carries what goes to the new server loses it.
            world.wire(client, lan.nodes[B], 0).gate.isOpen = false;
            drainServer(lan, A, true);
          }
          sent.push(frameFrom(lan.nodes[B], stationOf(B), station));
          world.run(MILLISECOND);
          arrived.push(...heard(client));
        }
        expect(activeOf(client)).toBe(B);
        world.run(100 * MILLISECOND);
        arrived.push(...heard(client));
        expect(arrived.sort()).toEqual(sent.sort());
      }),
  );

  it('the peer that leaves the group is an ordinary peer again', () =>
    withSeed((seed) => {
      const { lan, world, client } = start(seed);
      client.command({
        kind: 'peer',
        row: B,
        policy: 'passive',
        copies: 0,
        duplicate: NO_DUPLICATES,
        uplink: null,
        name: relayName(B),
        port: PORT_SETTINGS,
      });
      world.run(100 * MILLISECOND);
      const own = broadcastFrom(client);
      const sent = [A, B, C].map((server) => broadcastFrom(lan.nodes[server]));
      world.run(20 * MILLISECOND);
      expect(heard(lan.nodes[A])).toContain(own);
      expect(heard(lan.nodes[B])).toContain(own);
      expect(heard(client)).toEqual(sent.slice(0, 2));
    }));
});
