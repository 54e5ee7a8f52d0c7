/** Virtual time, and the networks under it. Everything random in a world comes from its seed. */
import { ipUdpOverhead } from '../../src/wire/overhead.js';
import type { Endpoint } from './endpoint.js';
import { addressOf } from './endpoint.js';
import type { Datagram, Hop } from './hop.js';
import { delay } from './hops/delay.js';
import { Gate } from './hops/gate.js';
import type { NonceRecord } from './key-slots.js';
import { type NodeOptions, SimNode } from './node.js';
import { seededRandom } from './random.js';
import { Schedule } from './schedule.js';

export const MILLISECOND = 1000;
export const SECOND = 1_000_000;
export const PORT = 7700;

const EMSGSIZE = -90;

/** One direction between two hosts over one network. */
export class Wire {
  readonly gate = new Gate();
  hops: Hop[];

  constructor(delayUs: number) {
    this.hops = [delay(delayUs)];
  }
}

export interface WorldOptions {
  /** One-way delay of wires that nobody has described, default 1 ms. */
  delayUs?: number;
  /** Records every nonce of every seal. */
  nonces?: NonceRecord;
}

export class World {
  now = 0;
  readonly random: () => number;
  readonly nodes: SimNode[] = [];
  readonly nonces: NonceRecord | undefined;
  /** Datagrams for addresses where nobody listens. */
  unroutable = 0;
  private readonly schedule = new Schedule();
  private readonly wires = new Map<string, Wire>();
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly delayUs: number;

  constructor(seed: number, options: WorldOptions = {}) {
    this.random = seededRandom(seed);
    this.nonces = options.nonces;
    this.delayUs = options.delayUs ?? MILLISECOND;
  }

  at(time: number, action: () => void): void {
    this.schedule.add(time, action);
  }

  /** Lets `us` of time pass. */
  run(us: number): void {
    const until = this.now + us;
    while (this.schedule.next() <= until) {
      this.now = Math.max(this.now, this.schedule.next());
      this.schedule.take()();
    }
    this.now = until;
  }

  /** Adds a host with a socket on each of `networks` networks. A host of the same number takes another's place. */
  addNode(id: number, networks: number, options: NodeOptions): SimNode {
    const node = new SimNode(id, this, options);
    this.nodes[id] = node;
    for (let network = 0; network < networks; network++) {
      const endpoint: Endpoint = {
        node,
        row: network,
        fd: 100 + network,
        ifindex: 10 + network,
        ...addressOf(network, id),
        port: PORT,
        mtu: 65_535,
        hasCarrier: true,
        sendError: 0,
      };
      node.sockets.push(endpoint);
      this.endpoints.set(nameOf(endpoint), endpoint);
    }
    return node;
  }

  /** The wire from one host to another over a network. */
  wire(from: SimNode, to: SimNode, network: number): Wire {
    const name = `${from.id}>${to.id}/${network}`;
    const known = this.wires.get(name);
    if (known !== undefined) return known;
    const wire = new Wire(this.delayUs);
    this.wires.set(name, wire);
    return wire;
  }

  /** A NAT gives a socket another public port; what is sent to the old one is lost. */
  remap(endpoint: Endpoint, port: number): void {
    this.endpoints.delete(nameOf(endpoint));
    endpoint.port = port;
    this.endpoints.set(nameOf(endpoint), endpoint);
  }

  /** A host gets another address; what is sent to the old one is lost. */
  readdress(endpoint: Endpoint, address: readonly number[]): void {
    this.endpoints.delete(nameOf(endpoint));
    endpoint.address = address;
    this.endpoints.set(nameOf(endpoint), endpoint);
  }

  /** Sends a datagram from a socket, in `fragments` where it must be; 0 or a negative errno. */
  send(from: Endpoint, target: Datagram['target'], bytes: Uint8Array, fragments = false): number {
    if (from.sendError !== 0) return from.sendError;
    if (!fragments && bytes.length + ipUdpOverhead(from.family) > from.mtu) return EMSGSIZE;
    if (!from.hasCarrier) return 0;
    this.inject({ bytes, from, source: { address: from.address, port: from.port }, target });
    return 0;
  }

  /** Puts a datagram on the wire, whoever made it. */
  inject(datagram: Datagram): void {
    const to = this.endpoints.get(nameOf(datagram.target));
    if (to === undefined) {
      this.unroutable++;
      return;
    }
    const wire = this.wire(datagram.from.node, to.node, to.row);
    this.through([wire.gate, ...wire.hops], 0, datagram);
  }

  private through(hops: readonly Hop[], index: number, datagram: Datagram): void {
    if (index === hops.length) return this.arrive(datagram);
    hops[index].pass(datagram, this.now, (passed, delayUs) => {
      if (delayUs === 0) this.through(hops, index + 1, passed);
      else this.at(this.now + delayUs, () => this.through(hops, index + 1, passed));
    });
  }

  private arrive(datagram: Datagram): void {
    const to = this.endpoints.get(nameOf(datagram.target));
    if (to === undefined) this.unroutable++;
    else if (to.hasCarrier) to.node.arrive(to, datagram);
  }
}

function nameOf(place: { readonly address: readonly number[]; readonly port: number }): string {
  return `${place.address.join()}:${place.port}`;
}
