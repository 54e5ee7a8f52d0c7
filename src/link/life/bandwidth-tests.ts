/**
 * Bandwidth tests: sends numbered data by a link in bursts that the control thread asks for, and counts what comes of the
 * peer's. Everything else about a test is the control thread's business.
 */
import type { DataSent } from '../../contract/answers.js';
import { DROP } from '../../contract/drops.js';
import { STATE } from '../../contract/link-states.js';
import type { Datagram } from '../../state/datagram.js';
import {
  BANDWIDTH_TEST,
  DATA,
  type Reception,
  readBandwidthMessage,
  WHAT,
} from '../../wire/bandwidth-test.js';
import { KIND } from '../../wire/header.js';
import type { LinkBase } from '../ports.js';
import type { EventLimit } from './event-limit.js';

const U32 = 0x1_0000_0000;
/** Datagrams of a burst: a batch of frames from the TAP waits for no more. */
const MOST_IN_BURST = 512;
/** Messages other than data are shorter. */
const LONGEST_MESSAGE = 64;
/** RFC 3550, 6.4.1. */
const JITTER_GAIN = 1 / 16;

/** What is counted of one test. Clocks of both ends differ by a constant, which drops out of the jitter. */
interface Counted extends Reception {
  readonly test: number;
  firstAt: number;
  /** Arrival less departure of the datagram before, mod 2^32. */
  transit: number;
}

/** Nothing could be sent. */
export const NOTHING_SENT: DataSent = { datagrams: 0, bytes: 0 };

export class BandwidthTests {
  /** By row of the peer; the control thread lets few of them be at a time. */
  private readonly counted = new Map<number, Counted>();

  constructor(
    private readonly base: LinkBase,
    private readonly limit: EventLimit,
  ) {}

  peerRemoved(peer: number): void {
    this.counted.delete(peer);
  }

  /** Sends a message by the link that messages take; nothing happens when there is none. */
  send(peer: number, message: Uint8Array, now: number): void {
    const { peers } = this.base.tables;
    if (!peers.has(peer)) return;
    const by = peers.activeLink[peer];
    const slot = peers.session[peer];
    if (by < 0 || slot < 0) return;
    const { messages } = this.base.ports;
    const body = messages.open(KIND.BANDWIDTH_TEST, message.length);
    this.base.arena.bytes.set(message.subarray(1), body + 1);
    messages.send(slot, by, now);
    messages.flush();
  }

  /** Sends a burst of data by a link (its row) that is up. */
  sendData(
    peer: number,
    link: number,
    burst: { test: number; sequence: number; count: number },
    now: number,
  ): DataSent {
    const { peers, links } = this.base.tables;
    const slot = peers.session[peer];
    if (slot < 0 || links.state[link] !== STATE.UP || !links.hasRemote(link)) return NOTHING_SENT;
    const { messages } = this.base.ports;
    const { view, bytes } = this.base.arena;
    const size = Math.max(BANDWIDTH_TEST.BYTES, links.maxPlain[link]);
    const count = Math.min(burst.count, MOST_IN_BURST);
    for (let at = 0; at < count; at++) {
      const body = messages.open(KIND.BANDWIDTH_TEST, size);
      bytes[body + BANDWIDTH_TEST.WHAT] = WHAT.DATA;
      view.setUint16(body + BANDWIDTH_TEST.ID, burst.test);
      view.setUint32(body + DATA.SEQUENCE, burst.sequence + at);
      view.setUint32(body + DATA.SENT_AT, now % U32);
      messages.send(slot, link, now);
    }
    messages.flush();
    return { datagrams: count, bytes: count * size };
  }

  /** Counts data of a test of this peer from now on, instead of another's; -1: of none. */
  receive(peer: number, test: number): void {
    if (test < 0 || !this.base.tables.peers.has(peer)) {
      this.counted.delete(peer);
      return;
    }
    const nothing = { received: 0, highest: 0, reordered: 0, jitterUs: 0, elapsedUs: 0, bytes: 0 };
    this.counted.set(peer, { test, firstAt: 0, transit: 0, ...nothing });
  }

  /** What has come of the test of a peer; null when none is counted. */
  reception(peer: number): Reception | null {
    const counted = this.counted.get(peer);
    if (counted === undefined) return null;
    const { received, highest, reordered, jitterUs, elapsedUs, bytes } = counted;
    return { received, highest, reordered, jitterUs: Math.round(jitterUs), elapsedUs, bytes };
  }

  heard(datagram: Datagram): void {
    const { peer, body, end, now } = datagram;
    const { drops, arena, ports } = this.base;
    if (arena.bytes[body + BANDWIDTH_TEST.WHAT] === WHAT.DATA) return this.dataCame(datagram);
    if (end - body > LONGEST_MESSAGE) return drops.message(DROP.malformed, datagram);
    if (!this.limit.mayEmit(now)) return drops.message(DROP['event-limit'], datagram);
    const bytes = arena.bytes.slice(body, end);
    if (readBandwidthMessage(bytes) === null) return drops.message(DROP.malformed, datagram);
    ports.emit({ kind: 'bandwidth-message', peer, bytes });
  }

  private dataCame(datagram: Datagram): void {
    const { peer, body, end, now } = datagram;
    const { view } = this.base.arena;
    const counted = this.counted.get(peer);
    if (counted === undefined || counted.test !== view.getUint16(body + BANDWIDTH_TEST.ID)) {
      return this.base.drops.message(DROP['bandwidth-test'], datagram);
    }
    const sequence = view.getUint32(body + DATA.SEQUENCE);
    const transit = (now - view.getUint32(body + DATA.SENT_AT)) % U32;
    if (counted.received === 0) counted.firstAt = now;
    else {
      const change = Math.abs(transit - counted.transit) % U32;
      counted.jitterUs += (Math.min(change, U32 - change) - counted.jitterUs) * JITTER_GAIN;
    }
    counted.transit = transit;
    counted.elapsedUs = now - counted.firstAt;
    counted.received++;
    counted.bytes += end - body;
    if (sequence >= counted.highest) counted.highest = sequence + 1;
    else counted.reordered++;
  }
}
