/** What of the answers by ICMP to a link's datagrams is one to the probe of a trace. */
import { expect, it } from 'vitest';
import type { DatapathEvent } from '../../src/contract/events.js';
import { Traces } from '../../src/link/life/traces.js';
import type { LinkBase } from '../../src/link/ports.js';
import { PATH, SOCKET_ERROR } from '../../src/native/ops.js';

const SOCKET = 3;
const REMOTE = [4, 7700, 0x0203000a];
const ICMP = { ORIGIN: 2, UNREACHABLE: 3, FRAGMENTATION_NEEDED: 4 };

/** Traces of the one link of a host, and what they tell. */
function tracing() {
  const told: DatapathEvent[] = [];
  const arena = new Uint8Array(2000);
  const links = {
    peer: [0],
    id: [0],
    socket: [SOCKET],
    paths: Int32Array.of(...REMOTE, ...new Array(PATH.WORDS - REMOTE.length).fill(0)),
    pathOf: () => 0,
    hasPath: () => true,
    isRelayed: () => false,
    outerOverhead: () => 28,
  };
  const base = {
    tables: { links, peers: { session: [0] } },
    arena: { bytes: arena, view: new DataView(arena.buffer) },
    ports: {
      messages: { flush() {}, open: () => 0, sendProbe: () => 0 },
      emit: (event: DatapathEvent) => told.push(event),
    },
  };
  return { traces: new Traces(base as unknown as LinkBase), told };
}

/** A router says that no more than `mtu` bytes go further to the remote end. */
function tooBig(mtu: number): Int32Array {
  const row = new Int32Array(SOCKET_ERROR.WORDS);
  row[SOCKET_ERROR.ORIGIN] = ICMP.ORIGIN;
  row[SOCKET_ERROR.TYPE] = ICMP.UNREACHABLE;
  row[SOCKET_ERROR.CODE] = ICMP.FRAGMENTATION_NEEDED;
  row[SOCKET_ERROR.INFO] = mtu;
  row.set([4, 0, 0x0200000a], SOCKET_ERROR.FROM);
  row.set(REMOTE, SOCKET_ERROR.TO);
  return row;
}

it('a router that passes on as much as the probe has speaks of another datagram, and the peer still answers', () => {
  const { traces, told } = tracing();
  traces.ask(0, { id: 7, size: 128, hops: 0 }, 1000);
  traces.heardOnTheWay(tooBig(1400), 1, SOCKET, 1100);
  expect(told).toEqual([]);
  traces.answered(0, 7, 1500);
  expect(told).toMatchObject([{ kind: 'trace', id: 7, what: 'peer', rttUs: 500 }]);
});

it.each([1400, 0])(
  'a router that passes on less, or does not say how much (%i), speaks of the probe',
  (mtu) => {
    const { traces, told } = tracing();
    traces.ask(0, { id: 7, size: 1500, hops: 1 }, 1000);
    traces.heardOnTheWay(tooBig(mtu), 1, SOCKET, 1100);
    expect(told).toMatchObject([{ kind: 'trace', id: 7, what: 'too-big', mtu }]);
  },
);
