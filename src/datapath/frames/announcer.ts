/**
 * Tells a network where our stations are reached from now on: for each one a reverse ARP request (RFC 903) in its name,
 * as hosts send for a virtual machine that has moved to them. Switches learn the source, and no host answers.
 * They go by every link, as the heartbeats that tell of the same move do.
 */
import { writeU16, writeU32 } from '../../base/bytes.js';
import type { StaticMac } from '../../contract/port-settings.js';
import type { Arena } from '../../state/arena.js';
import { Frame, TPID_CUSTOMER } from '../../switch/frame.js';
import { LOCAL_PORT, type MacTable } from '../../switch/mac-table.js';
import type { Vlans } from '../../switch/vlans.js';
import type { Outbound } from './outbound.js';

/** Stations announced at once, those heard last. */
const MOST = 1024;
/** Smallest Ethernet frame, without FCS. */
const FRAME_BYTES = 60;
const ETHERTYPE_RARP = 0x8035;
/** Ethernet and IPv4 addresses of 6 and 4 bytes; request reverse (RFC 903). */
const RARP_HEAD = [0x0001, 0x0800, 0x0604, 0x0003] as const;

export class Announcer {
  private readonly waiting = new Set<number>();
  private readonly frame = new Frame();

  constructor(
    private readonly arena: Arena,
    private readonly macs: MacTable,
    private readonly outbound: Outbound,
    private readonly vlans: Vlans,
  ) {}

  /** Our stations are to be announced to a peer when nothing else is being sent. */
  announce(peer: number): void {
    this.waiting.add(peer);
  }

  /** The same of one station, at once. */
  announceOne(peer: number, { vlan, high, low }: StaticMac, now: number): void {
    this.write(vlan, high, low);
    this.outbound.sendByAllLinks(peer, this.frame, now);
    this.outbound.finish();
  }

  peerRemoved(peer: number): void {
    this.waiting.delete(peer);
  }

  /** Sends what waits. */
  run(now: number): void {
    if (this.waiting.size === 0) return;
    for (const peer of this.waiting) {
      this.macs.stations(LOCAL_PORT, MOST, (vlan, high, low) => {
        this.write(vlan, high, low);
        if (this.vlans.carries(peer, this.frame)) this.outbound.sendByAllLinks(peer, this.frame, now);
      });
    }
    this.waiting.clear();
    this.outbound.finish();
  }

  private write(vlan: number, high: number, low: number): void {
    const { bytes, ownFrame: start } = this.arena;
    bytes.fill(0, start, start + FRAME_BYTES + 4);
    bytes.fill(0xff, start, start + 6);
    this.writeAddress(start + 6, high, low);
    let at = start + 12;
    if (vlan !== 0) {
      writeU16(bytes, at, TPID_CUSTOMER);
      writeU16(bytes, at + 2, vlan);
      at += 4;
    }
    writeU16(bytes, at, ETHERTYPE_RARP);
    at += 2;
    for (const word of RARP_HEAD) {
      writeU16(bytes, at, word);
      at += 2;
    }
    this.writeAddress(at, high, low);
    this.writeAddress(at + 10, high, low);
    this.frame.place(start, FRAME_BYTES + (vlan === 0 ? 0 : 4)).describe(0, 0, 0);
  }

  private writeAddress(at: number, high: number, low: number): void {
    writeU16(this.arena.bytes, at, high);
    writeU32(this.arena.bytes, at + 2, low);
  }
}
