/**
 * Links through a third host. A relayed link's path is another peer: its datagrams, sealed for the far end, travel
 * as payload of RELAY messages sealed for the relaying peer, which hands them on as RELAYED messages (`wrap.ts`). The
 * relay sees sizes and times, never contents. What has been relayed once is never relayed again.
 */

import { DROP } from '../../contract/drops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { PATH, RECV } from '../../native/ops.js';
import type { Arena } from '../../state/arena.js';
import { type Datagram, MessageBatch, ORIGIN } from '../../state/datagram.js';
import type { Drops } from '../../state/drops.js';
import type { PeerTable } from '../../state/peers.js';
import { SealedRun } from '../../state/run.js';
import type { Ports } from '../../switch/ports.js';
import { KIND } from '../../wire/header.js';
import { RELAY_FAMILY } from '../../wire/overhead.js';
import { RELAY } from '../../wire/relay.js';
import type { Transmitter } from './transmit.js';
import { RELAY_PATH, type Wrapper } from './wrap.js';

/** The socket row that relayed paths name; no real socket has it. */
export const RELAY_SOCKET = 255;

/** Relayed datagrams taken from one batch. */
const ROWS = 1024;

export class Relay {
  /** Whether this host hands on datagrams between all of its peers. */
  allowed = true;
  /** What arrived through relays; taken up when the batch that it came in is done. */
  readonly arrived = new MessageBatch(ORIGIN.RELAY, new Int32Array(ROWS * RECV.WORDS), new Int32Array(ROWS));
  private readonly wrapper: Wrapper;
  private readonly datagrams = new SealedRun();

  constructor(
    private readonly arena: Arena,
    private readonly peers: PeerTable,
    private readonly transmit: Transmitter,
    private readonly stats: SharedStats,
    private readonly drops: Drops,
    private readonly ports: Ports,
  ) {
    this.wrapper = transmit.wrapper;
  }

  /** Sends a datagram of the arena by the relayed path in `words` at `at`. */
  sendByPath(words: Int32Array, at: number, offset: number, length: number, now: number): void {
    const by = this.wrapper.wrapByPath(words, at, this.datagrams.place(offset, length, length));
    if (by >= 0) this.transmit.send(by, this.wrapper.run, now);
  }

  /** Takes a RELAY message, to be handed on, or a RELAYED one, which ends here. */
  handle(datagram: Datagram): void {
    if (datagram.end - datagram.body <= RELAY.BYTES) return this.drops.message(DROP.malformed, datagram);
    if (datagram.origin === ORIGIN.RELAY) return this.drops.message(DROP['relay-refused'], datagram);
    if (this.arena.bytes[datagram.body] === KIND.RELAY) this.forward(datagram);
    else this.arrive(datagram);
  }

  private forward(datagram: Datagram): void {
    const { body, end, peer: from } = datagram;
    const { view } = this.arena;
    const to = this.peers.named(view.getUint16(body + RELAY.NAME), view.getUint32(body + RELAY.NAME + 2));
    if (to < 0 || to === from || !this.mayRelay(from, to))
      return this.drops.message(DROP['relay-refused'], datagram);
    this.stats.interface[INTERFACE.relayedDatagrams]++;
    const payload = body + RELAY.BYTES;
    const inner = this.datagrams.place(payload, end - payload, end - payload);
    const by = this.wrapper.wrap(to, KIND.RELAYED, this.peers.name[from], inner);
    if (by >= 0) this.transmit.send(by, this.wrapper.run, datagram.now);
  }

  /** Clients that may be introduced to each other reach each other by us while they have no direct link. */
  private mayRelay(from: number, to: number): boolean {
    return this.allowed || (this.ports.directs.areClients(from, to) && this.ports.mayPass(from, to));
  }

  private arrive(datagram: Datagram): void {
    const { arrived } = this;
    if (arrived.count === ROWS) return this.drops.message(DROP['relay-refused'], datagram);
    const { body, end } = datagram;
    const { view } = this.arena;
    const payload = body + RELAY.BYTES;
    const path = arrived.add(payload, end - payload, RELAY_SOCKET);
    arrived.rows[path + PATH.FAMILY] = RELAY_FAMILY;
    arrived.rows[path + RELAY_PATH.PEER] = datagram.peer;
    arrived.rows[path + RELAY_PATH.NAME_HIGH] = view.getUint16(body + RELAY.NAME);
    arrived.rows[path + RELAY_PATH.NAME_LOW] = view.getUint32(body + RELAY.NAME + 2);
  }
}
