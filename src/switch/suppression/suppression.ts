/**
 * ARP and neighbour discovery suppression (RFC 7432 section 10, RFC 9161): the switch answers for a station that it knows, so that
 * the question need not be flooded.
 *
 * Fails open. Answered is only what everybody is asked: refreshes to one station go to it, probes for duplicates and announcements
 * are for all. And only while the MAC table has the station behind another port, which the asker's frames may reach.
 */
import type { NeighbourRow, NeighbourStretch } from '../../contract/answers.js';
import { type Frame, vlanId } from '../frame.js';
import { LOCAL_PORT, type MacTable, MISS } from '../mac-table.js';
import type { Ports } from '../ports.js';
import { writeAnswer } from './answer-frame.js';
import { NeighbourMessage } from './neighbour-message.js';
import { NEIGHBOUR_ROWS, NeighbourTable } from './neighbour-table.js';

/** Takes answers until the batch in hand is done. */
export interface AnswerPort {
  /** Offset of room for one answer in the arena; -1: enough for now. */
  reserve(): number;
  /** What was reserved last is a frame of so many bytes for a port. */
  add(port: number, length: number): void;
}

export class Suppression {
  private readonly message = new NeighbourMessage();
  private readonly table: NeighbourTable;
  private lastsUs = 0;
  private answered = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly macs: MacTable,
    private readonly ports: Ports,
    private readonly out: AnswerPort,
    seed: readonly [number, number],
  ) {
    this.table = new NeighbourTable(seed);
  }

  get isOn(): boolean {
    return this.lastsUs > 0;
  }

  /** For how long an address is known after its station named it, in µs; 0: off. */
  set(lastsUs: number): void {
    if (this.isOn !== lastsUs > 0) this.table.clear(lastsUs > 0 ? NEIGHBOUR_ROWS : 0);
    this.lastsUs = lastsUs;
  }

  /**
   * Learns from a frame whose source the MAC table has taken, and answers it where it can. Returns whether it did, so that the
   * frame goes nowhere. `isFlooded`: it would leave by several ports.
   */
  take(port: number, frame: Frame, isFlooded: boolean, now: number): boolean {
    const { message, table, bytes } = this;
    if (!message.read(bytes, frame)) return false;
    const vlan = vlanId(bytes, frame.offset, frame.length);
    if (message.claims) table.claim(message, vlan, port, now, this.lastsUs);
    return message.asks && isFlooded && this.answer(port, frame, vlan, now);
  }

  private answer(port: number, frame: Frame, vlan: number, now: number): boolean {
    const { message, table, bytes, out } = this;
    const row = table.find(vlan, message.target, now);
    if (row < 0) return false;
    const target = this.macs.lookup(vlan, table.macHigh(row), table.macLow(row), now);
    if (target === MISS || target === port) return false;
    if (target !== LOCAL_PORT && (this.ports.isHeld(target, vlan) || !this.ports.mayPass(port, target)))
      return false;
    const start = out.reserve();
    if (start < 0) return false;
    out.add(port, writeAnswer(bytes, start, frame, message, table, row));
    this.answered++;
    return true;
  }

  peerRemoved(peer: number): void {
    this.table.peerRemoved(peer);
  }

  /** Some rows of what is known, for `show`. */
  stretch(from: number, count: number, now: number): NeighbourStretch {
    const { answered, table } = this;
    const rows: NeighbourRow[] = [];
    const next = table.entries(now, from, count, (row) => rows.push(row));
    return { rows, next, answered, duplicates: table.duplicates };
  }
}
