/** Sends that wait for one native call: runs of one link that continue each other become one UDP GSO send. */

import { NO_GSO } from '../../contract/stats.js';
import { SEND } from '../../native/ops.js';
import type { DatapathIo } from '../../state/io.js';
import { GSO_BYTES, GSO_SEGMENTS, type SealedRun } from '../../state/run.js';
import type { Tables } from '../../state/tables.js';

const ROWS = 2048;

/** Record of a send that nothing is kept of: of use only now (heartbeats, copies, messages of no link). */
export const NO_RECORD = -1;
/** Record of a question to the path: being refused is an answer, and nobody's fault. */
export const PROBE = -2;
const NO_LINK = -1;

export class SendQueue {
  /** Rows of `SEND`. */
  readonly rows = new Int32Array(ROWS * SEND.WORDS);
  /** Link row of each; -1 for single sends that belong to none. */
  readonly link = new Int32Array(ROWS);
  /** Record in the ring of each, `NO_RECORD` or `PROBE`. */
  readonly record = new Int32Array(ROWS);
  count = 0;
  /** Session and stream of each, and the counter that would continue it. */
  private readonly slot = new Int32Array(ROWS);
  private readonly stream = new Uint8Array(ROWS);
  private readonly next = new Float64Array(ROWS);
  /** UDP GSO may be used. */
  gso = true;
  /** A send by itself: what is left of one that failed. */
  private readonly single = new Int32Array(SEND.WORDS);

  constructor(
    private readonly io: DatapathIo,
    private readonly tables: Tables,
  ) {}

  get isFull(): boolean {
    return this.count === ROWS;
  }

  /** Queues a run by a link's path. */
  add(link: number, run: SealedRun, record: number): void {
    const { links, sockets } = this.tables;
    const row = this.count;
    this.slot[row] = run.slot;
    this.stream[row] = run.stream;
    this.next[row] = run.counter + run.datagrams;
    this.append(sockets.fd(links.socket[link]), link, run);
    this.rows[row * SEND.WORDS + SEND.GSO] = this.usesGso(link) ? 1 : 0;
    this.link[row] = link;
    this.record[row] = record;
  }

  /** Queues a datagram by the path in the scratch row of the path table, which is no link's. */
  addByPath(fd: number, run: SealedRun): void {
    const row = this.count;
    this.append(fd, this.tables.links.scratchPath, run);
    this.rows[row * SEND.WORDS + SEND.GSO] = 0;
    this.link[row] = NO_LINK;
    this.record[row] = NO_RECORD;
  }

  /** Whether several datagrams of a link may leave by one send. */
  private usesGso(link: number): boolean {
    return this.gso && this.tables.links.noGso[link] === NO_GSO.NONE;
  }

  private append(fd: number, path: number, run: SealedRun): void {
    const at = this.count++ * SEND.WORDS;
    this.rows[at + SEND.FD] = fd;
    this.rows[at + SEND.OFFSET] = run.offset;
    this.rows[at + SEND.LENGTH] = run.length;
    this.rows[at + SEND.SEGMENT] = run.segment;
    this.rows[at + SEND.PATH] = path;
  }

  /** Joins a run to the send before it when both make one GSO send; returns that one's record, or -1. */
  join(link: number, run: SealedRun): number {
    if (this.count === 0 || !this.usesGso(link)) return NO_RECORD;
    const row = this.count - 1;
    const record = this.record[row];
    if (record < 0 || this.link[row] !== link || this.slot[row] !== run.slot) return NO_RECORD;
    if (this.stream[row] !== run.stream || this.next[row] !== run.counter) return NO_RECORD;
    const at = row * SEND.WORDS;
    const before = this.rows[at + SEND.LENGTH];
    const size = this.rows[at + SEND.SEGMENT];
    if (this.rows[at + SEND.OFFSET] + before !== run.offset || before % size !== 0) return NO_RECORD;
    if (run.segment > size || (run.segment < size && run.length > run.segment)) return NO_RECORD;
    if (before / size + run.datagrams > GSO_SEGMENTS || before + run.length > GSO_BYTES) return NO_RECORD;
    this.rows[at + SEND.LENGTH] = before + run.length;
    this.next[row] += run.datagrams;
    return record;
  }

  /** Fills `run` with what a row sends. */
  read(row: number, run: SealedRun): void {
    const at = row * SEND.WORDS;
    run.place(this.rows[at + SEND.OFFSET], this.rows[at + SEND.LENGTH], this.rows[at + SEND.SEGMENT]);
    run.slot = this.slot[row];
    run.stream = this.stream[row];
    run.counter = this.next[row] - run.datagrams;
  }

  /** Datagrams of a row that have not been sent. */
  unsent(row: number): number {
    const at = row * SEND.WORDS;
    return Math.ceil(
      (this.rows[at + SEND.LENGTH] - this.rows[at + SEND.SENT]) / this.rows[at + SEND.SEGMENT],
    );
  }

  /** Sends the first `count` rows in one call; returns how many went out whole. */
  run(count: number): number {
    return this.io.send(this.rows, count, this.tables.links.paths);
  }

  /**
   * Sends what is left of a row datagram by datagram, each in `fragments` of IP where the device takes no whole one.
   * Returns 0 or the negative errno.
   */
  runSingly(row: number, fragments: boolean): number {
    const { single } = this;
    const at = row * SEND.WORDS;
    const sent = this.rows[at + SEND.SENT];
    for (let word = 0; word < SEND.WORDS; word++) single[word] = this.rows[at + word];
    single[SEND.OFFSET] += sent;
    single[SEND.LENGTH] -= sent;
    single[SEND.GSO] = 0;
    single[SEND.FRAGMENTS] = fragments ? 1 : 0;
    this.io.send(single, 1, this.tables.links.paths);
    this.rows[at + SEND.SENT] = sent + single[SEND.SENT];
    return single[SEND.RESULT];
  }
}
