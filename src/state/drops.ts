/**
 * Where everything that is dropped is counted, and an example of each reason kept: the one way to drop something. An
 * example is taken no more often than the engine sweeps, so that a flood of bad datagrams costs a count each and no more.
 */
import { DROPPED, DropExamples, DropFacts, REMOTE_WORDS } from '../contract/drop-examples.js';
import { DROP_NAMES } from '../contract/drops.js';
import type { SharedStats } from '../contract/stats.js';
import { PATH } from '../native/ops.js';
import type { Frame } from '../switch/frame.js';
import type { Datagram } from './datagram.js';
import type { LinkTable } from './links.js';
import type { SealedRun } from './run.js';

const UNKNOWN = -1;

export class Drops {
  /** Reasons of which the next one dropped is kept as the example. */
  private readonly wanted = new Uint8Array(DROP_NAMES.length).fill(1);
  private readonly facts = new DropFacts();

  constructor(
    private readonly stats: SharedStats,
    private readonly bytes: Uint8Array,
    private readonly links: LinkTable,
    readonly examples = new DropExamples(),
  ) {}

  /** Examples may be taken again, one of each reason; `now` in µs is the time that they get. */
  sweep(now: number): void {
    this.wanted.fill(1);
    this.facts.atUs = now;
  }

  /** Drops `count` frames or datagrams of which there is nothing to show. */
  counted(reason: number, count: number): void {
    this.stats.drops[reason] += count;
  }

  /** Drops a frame from the TAP; `peer` is the row of the one that it was for, or -1. */
  frameOut(reason: number, frame: Frame, peer = UNKNOWN): void {
    this.stats.drops[reason]++;
    if (this.wanted[reason] === 0) return;
    this.noteRemote(undefined);
    this.note(reason, DROPPED.FRAME, peer, UNKNOWN).keep(reason, frame.offset, frame.length);
  }

  /** Drops a frame that came from a peer in a datagram. */
  frameIn(reason: number, frame: Frame, datagram: Datagram): void {
    this.stats.drops[reason]++;
    if (this.wanted[reason] === 0) return;
    this.noteRemote(datagram);
    this.note(reason, DROPPED.FRAME, datagram.peer, datagram.linkId).keep(reason, frame.offset, frame.length);
  }

  /** Drops a datagram of which nothing is authentic; `peer` is the row that its receiver index names, or -1. */
  sealed(reason: number, datagram: Datagram, peer = UNKNOWN): void {
    this.stats.drops[reason]++;
    if (this.wanted[reason] === 0) return;
    this.noteRemote(datagram);
    this.note(reason, DROPPED.SEALED, peer, UNKNOWN).keep(reason, datagram.offset, datagram.length);
  }

  /** Drops an authentic message. */
  message(reason: number, datagram: Datagram): void {
    this.stats.drops[reason]++;
    if (this.wanted[reason] === 0) return;
    const { body, end, peer, linkId } = datagram;
    this.noteRemote(datagram);
    this.note(reason, DROPPED.MESSAGE, peer, linkId).keep(reason, body, end - body);
  }

  /** Drops `count` datagrams of a sealed run that was to leave by a link; `link` is its row, or -1. */
  sent(reason: number, run: SealedRun, link: number, count: number): void {
    this.stats.drops[reason] += count;
    if (this.wanted[reason] === 0) return;
    const { peer, id } = this.links;
    this.noteRemote(undefined);
    const to = link < 0 ? UNKNOWN : peer[link];
    const length = Math.min(run.segment, run.length);
    this.note(reason, DROPPED.SEALED, to, link < 0 ? UNKNOWN : id[link]).keep(reason, run.offset, length);
  }

  private note(reason: number, form: number, peer: number, link: number): this {
    this.wanted[reason] = 0;
    this.facts.form = form;
    this.facts.peer = peer;
    this.facts.link = link;
    return this;
  }

  private noteRemote(datagram: Datagram | undefined): void {
    const { remote } = this.facts;
    if (datagram === undefined) remote.fill(0);
    else {
      for (let word = 0; word < REMOTE_WORDS; word++) {
        remote[word] = datagram.paths[datagram.path + PATH.FAMILY + word];
      }
    }
  }

  private keep(reason: number, offset: number, length: number): void {
    this.facts.length = length;
    this.examples.write(reason, this.facts, this.bytes, offset);
  }
}
