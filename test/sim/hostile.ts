/** A host under attack: what it is given, and the account of what became of it. */
import type { DatapathEvent } from '../../src/contract/events.js';
import { OUTER, TAG_BYTES, TYPE } from '../../src/wire/header.js';
import type { Endpoint } from './endpoint.js';
import type { Lan } from './lan.js';
import type { SimNode } from './node.js';
import { MILLISECOND } from './world.js';

/** Puts a datagram into a host's socket, as if it came from another socket. */
export function deliver(victim: SimNode, from: Endpoint, bytes: Uint8Array, network = 0): void {
  const endpoint = victim.sockets[network];
  victim.arrive(endpoint, { bytes, from, source: from, target: endpoint });
}

/** Datagrams dropped for any reason. */
export function dropped(node: SimNode): number {
  return Object.values(node.drops()).reduce((sum, count) => sum + count, 0);
}

/** Seals plaintexts as an authentic peer would that keeps no rule. */
export class Sealer {
  private readonly counters = new Map<number, number>();

  constructor(
    private readonly node: SimNode,
    private readonly keySlot: number,
    private readonly receiver: number,
  ) {}

  /** A valid datagram; without a counter given, the next of its stream. */
  seal(stream: number, plaintext: Uint8Array, counter = this.next(stream)): Uint8Array {
    const datagram = new Uint8Array(OUTER.BYTES + plaintext.length + TAG_BYTES);
    const view = new DataView(datagram.buffer);
    datagram[OUTER.TYPE] = TYPE.TRANSPORT;
    datagram[OUTER.STREAM] = stream;
    view.setUint32(OUTER.RECEIVER, this.receiver);
    view.setBigUint64(OUTER.COUNTER, BigInt(counter));
    datagram.set(plaintext, OUTER.BYTES);
    this.node.keys.seal(this.keySlot, datagram, stream, counter);
    return datagram;
  }

  private next(stream: number): number {
    const counter = this.counters.get(stream) ?? FIRST_COUNTER;
    this.counters.set(stream, counter + 1);
    return counter;
  }
}

/** Far above what heartbeats of a short run have used. */
const FIRST_COUNTER = 100_000;

/** A sealer that speaks as `from` to `to`, found by watching one datagram on the wire. */
export function impersonate(lan: Lan, from: SimNode, to: SimNode): Sealer {
  const wire = lan.world.wire(from, to, 0);
  const hops = wire.hops;
  let receiver = 0;
  wire.hops = [
    {
      pass(datagram, _now, forward) {
        receiver = new DataView(datagram.bytes.buffer).getUint32(OUTER.RECEIVER);
        forward(datagram, MILLISECOND);
      },
    },
  ];
  lan.world.run(200 * MILLISECOND);
  wire.hops = hops;
  return new Sealer(from, lan.slotOf(from, to.id) * 2, receiver);
}

/** What a host has reported of one kind. */
export function eventsOf(node: SimNode, kind: DatapathEvent['kind']): DatapathEvent[] {
  return node.events.filter((event) => event.kind === kind);
}
