/**
 * Finds out what a link carries before bulk goes by it: under the policy `adaptive`, with two links or more, a train of MTU
 * probes is sent at once, and how far apart the answers come says how fast the bottleneck let the train through (packet
 * dispersion: Jain and Dovrolis, SIGCOMM 2002). Trains begin short and double until they are long enough to be measured,
 * so that a slow link is never filled for long. Jitter moves single answers; the straight line through all of them
 * is read, and a train is long enough once they lie close to it. What is too fast for the longest train stays unknown; traffic
 * finds that out.
 */
import { Columns, float64, int32, uint16 } from '../../base/columns.js';
import type { LinkTable } from '../../state/links.js';
import { POLICY } from '../../state/peers.js';
import { KIND, SEALED_OVERHEAD } from '../../wire/header.js';
import { MTU_PROBE } from '../../wire/mtu-probe.js';
import type { Lanes } from '../lane/lanes.js';
import type { LinkBase } from '../ports.js';
import { Line } from './line.js';

/** Ids of the probes of trains have this bit, those of the search for the path's MTU do not. */
export const TRAIN_ID = 0x8000;
const FIRST_TRAIN = 5;
const LONGEST_TRAIN = 80;
/** Beside traffic, whose queue it would fill, and whose queues scatter its answers however long it is. */
const LONGEST_BESIDE = 40;
const LARGEST_BYTES = 1500;
/**
 * The answers of a train must be spread over this time, those of the longest train over this; and over so many times
 * their distance from the line through them (standard deviation), which the longest train need not reach.
 */
const MEASURABLE_US = 20_000;
const LEAST_MEASURABLE_US = 3_000;
const CLEAR = 20;
const FEWEST_ANSWERS = 4;
/** After the last answer no other is waited for longer. */
const PATIENCE_US = 1_000_000;
/**
 * The first train leaves within this range of times, so that those of links that share a way seldom meet; that of one
 * end so much later than the other's, whose answers it would delay.
 */
const FIRST_AFTER_US = 100_000;
const FIRST_WITHIN_US = 300_000;
const SECOND_AFTER_US = 500_000;
const RETRY_US = 15_000_000;

export class CapacityProbe {
  /** When the next train may leave; 0 for not planned. */
  private dueAt = float64();
  /** Probes of the next train, and of the one under way; 0: none. */
  private planned = int32(FIRST_TRAIN);
  private underWay = int32();
  private answers = int32();
  private firstId = uint16();
  private firstAt = float64();
  /** Of the answers' times after the first: their sum, that of their squares, and that of each times its place. */
  private sum = float64();
  private squares = float64();
  private byPlace = float64();
  /** When the last answer came, or the train left. */
  private lastAt = float64();
  private readonly columns = new Columns(this, 'links');
  private readonly draw = new Uint8Array(1);
  private readonly line = new Line();
  private readonly links: LinkTable;

  constructor(
    private readonly base: LinkBase,
    private readonly lanes: Lanes,
  ) {
    this.links = base.tables.links;
  }

  /** A heartbeat came by a link. */
  beatHeard(link: number, now: number): void {
    this.columns.ensure(link + 1);
    if (this.underWay[link] > 0) return this.judge(link, now);
    if (!this.isWanted(link)) {
      this.dueAt[link] = 0;
      this.planned[link] = FIRST_TRAIN;
    } else if (this.dueAt[link] === 0) {
      this.plan(link, now);
    } else if (now >= this.dueAt[link]) this.send(link, now);
  }

  private plan(link: number, now: number): void {
    const { peers, sessions } = this.base.tables;
    const slot = peers.session[this.links.peer[link]];
    const isSecond = slot >= 0 && sessions.localIndex[slot] > sessions.remoteIndex[slot];
    this.base.ports.random(this.draw);
    const after = FIRST_AFTER_US + (isSecond ? SECOND_AFTER_US : 0);
    this.dueAt[link] = now + after + (FIRST_WITHIN_US * this.draw[0]) / 256;
  }

  /** Whether the lane could use what is not known of a link. */
  private isWanted(link: number): boolean {
    const { peers } = this.base.tables;
    const peer = this.links.peer[link];
    const usable = peers.usable[peer];
    const isOneOfSeveral = (usable & (usable - 1)) !== 0 && peers.isUsable(peer, this.links.id[link]);
    return peers.policy[peer] === POLICY.adaptive && isOneOfSeveral && !this.lanes.isCapacityKnown(link);
  }

  private longest(link: number, now: number): number {
    return this.isBeside(this.links.peer[link], now) ? LONGEST_BESIDE : LONGEST_TRAIN;
  }

  /** Whether traffic goes to a peer by the lane, or comes from it. */
  private isBeside(peer: number, now: number): boolean {
    const { peers } = this.base.tables;
    const isSending = this.lanes.carriers(peer, now) !== 0;
    return isSending || this.base.ports.laneOrder.broughtBy(peers.session[peer], now) !== 0;
  }

  private size(link: number): number {
    return Math.min(LARGEST_BYTES, this.links.mtu[link]);
  }

  private send(link: number, now: number): void {
    const slot = this.base.tables.peers.session[this.links.peer[link]];
    if (slot < 0) return;
    const { messages } = this.base.ports;
    const { bytes, view } = this.base.arena;
    const size = this.size(link);
    this.firstId[link] = (this.firstId[link] + LONGEST_TRAIN) % TRAIN_ID;
    const probes = Math.min(this.planned[link], this.longest(link, now));
    for (let probe = 0; probe < probes; probe++) {
      const length = size - this.links.outerOverhead(link) - SEALED_OVERHEAD;
      const body = messages.open(KIND.MTU_PROBE, length);
      bytes[body + MTU_PROBE.LINK] = this.links.id[link];
      view.setUint16(body + MTU_PROBE.ID, TRAIN_ID | ((this.firstId[link] + probe) % TRAIN_ID));
      view.setUint16(body + MTU_PROBE.SIZE, size);
      messages.sendProbe(slot, link, now);
    }
    this.underWay[link] = probes;
    this.answers[link] = 0;
    this.sum[link] = 0;
    this.squares[link] = 0;
    this.byPlace[link] = 0;
    this.lastAt[link] = now;
  }

  /** The peer answers a probe of a train. */
  answered(link: number, id: number, now: number): void {
    this.columns.ensure(link + 1);
    const place = (id - this.firstId[link] + TRAIN_ID) % TRAIN_ID;
    if (place >= this.underWay[link] || this.answers[link] >= this.underWay[link]) return;
    this.note(link, now);
    if (this.answers[link] < this.underWay[link]) return;
    this.judge(link, now);
    if (now >= this.dueAt[link] && this.isWanted(link)) this.send(link, now);
  }

  private note(link: number, now: number): void {
    const place = this.answers[link]++;
    if (place === 0) this.firstAt[link] = now;
    const after = now - this.firstAt[link];
    this.sum[link] += after;
    this.squares[link] += after * after;
    this.byPlace[link] += place * after;
    this.lastAt[link] = now;
  }

  private judge(link: number, now: number): void {
    const answers = this.answers[link];
    const sent = this.underWay[link];
    if (answers < sent && now - this.lastAt[link] < PATIENCE_US) return;
    this.underWay[link] = 0;
    if (answers < FEWEST_ANSWERS) {
      this.dueAt[link] = now + RETRY_US;
      return;
    }
    const { slope, scatter } = this.line.through(
      answers,
      this.sum[link],
      this.squares[link],
      this.byPlace[link],
    );
    const spread = slope * (answers - 1);
    const isClear = spread >= MEASURABLE_US && spread >= CLEAR * scatter;
    if (!isClear && sent < this.longest(link, now)) this.planned[link] = Math.min(LONGEST_TRAIN, 2 * sent);
    else if (spread < LEAST_MEASURABLE_US) this.dueAt[link] = Number.POSITIVE_INFINITY;
    else this.lanes.probed(link, this.size(link) / slope);
  }
}
