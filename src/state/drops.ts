/**
 * Where everything that is dropped is counted, shown to captures, and an example of each reason kept: the one way to drop
 * something. An example is taken no more often than the engine sweeps, so that a flood of bad datagrams costs a count each
 * and no more.
 */
import { DROPPED, DropExamples, DropFacts, REMOTE_WORDS } from '../contract/drop-examples.js';
import { DROP_NAMES } from '../contract/drops.js';
import type { SharedStats } from '../contract/stats.js';
import { PATH } from '../native/ops.js';
import type { Frame } from '../switch/frame.js';
import { OUTER } from '../wire/header.js';
import type { Datagram } from './datagram.js';
import type { LinkTable } from './links.js';
import { AT, type Observer } from './observer.js';
import type { SealedRun } from './run.js';

const UNKNOWN = -1;
/** Captures at these points see drops. */
const WATCHED = AT.DROPS | AT.LINK_IN;

export class Drops {
  /** Reasons of which the next one dropped is kept as the example. */
  private readonly wanted = new Uint8Array(DROP_NAMES.length).fill(1);
  private readonly facts = new DropFacts();

  constructor(
    private readonly stats: SharedStats,
    private readonly bytes: Uint8Array,
    private readonly links: LinkTable,
    private readonly observer: Observer,
    readonly examples = new DropExamples(),
  ) {}

  /** Examples may be taken again, one of each reason. */
  sweep(): void {
    this.wanted.fill(1);
  }

  /** Drops `count` frames or datagrams of which there is nothing to show. */
  counted(reason: number, count: number): void {
    this.stats.drops[reason] += count;
  }

  /** Drops a frame from the TAP; `peer` is the row of the one that it was for, or -1. */
  frameOut(reason: number, frame: Frame, peer = UNKNOWN): void {
    this.stats.drops[reason]++;
    if (!this.isSeen(reason)) return;
    this.note(DROPPED.FRAME, peer, UNKNOWN).isOut = true;
    this.show(reason, frame.offset, frame.length);
  }

  /** Drops a frame that came from a peer in a datagram. */
  frameIn(reason: number, frame: Frame, datagram: Datagram): void {
    this.stats.drops[reason]++;
    if (!this.isSeen(reason)) return;
    this.note(DROPPED.FRAME, datagram.peer, datagram.linkId);
    this.noteRemote(datagram);
    this.show(reason, frame.offset, frame.length);
  }

  /** Drops a datagram unopened; `peer` is the row that its receiver index names, or -1. */
  sealed(reason: number, datagram: Datagram, peer = UNKNOWN): void {
    this.stats.drops[reason]++;
    if (!this.isSeen(reason)) return;
    this.note(DROPPED.SEALED, peer, UNKNOWN);
    this.noteRemote(datagram);
    this.show(reason, datagram.offset, datagram.length);
    if ((this.observer.points & AT.LINK_IN) !== 0) this.observer.refused(reason, this.facts, datagram);
  }

  /** Drops a datagram that could not be opened: its outer header is left of it. */
  forged(reason: number, datagram: Datagram, peer: number): void {
    this.stats.drops[reason]++;
    if (!this.isSeen(reason)) return;
    this.note(DROPPED.SEALED, peer, UNKNOWN);
    this.noteRemote(datagram);
    this.show(reason, datagram.offset, OUTER.BYTES);
  }

  /** Drops an authentic message. */
  message(reason: number, datagram: Datagram): void {
    this.stats.drops[reason]++;
    if (!this.isSeen(reason)) return;
    this.note(DROPPED.MESSAGE, datagram.peer, datagram.linkId);
    this.noteRemote(datagram);
    this.show(reason, datagram.body, datagram.end - datagram.body);
  }

  /** Drops `count` datagrams of a sealed run that was to leave by a link; `link` is its row, or -1. */
  sent(reason: number, run: SealedRun, link: number, count: number): void {
    this.stats.drops[reason] += count;
    if (!this.isSeen(reason)) return;
    const { peer, id } = this.links;
    if (link < 0) this.note(DROPPED.SEALED, UNKNOWN, UNKNOWN).isOut = true;
    else this.note(DROPPED.SEALED, peer[link], id[link]).isOut = true;
    this.show(reason, run.offset, Math.min(run.segment, run.length));
  }

  private isSeen(reason: number): boolean {
    return this.wanted[reason] !== 0 || (this.observer.points & WATCHED) !== 0;
  }

  private note(form: number, peer: number, link: number): DropFacts {
    const { facts } = this;
    facts.form = form;
    facts.peer = peer;
    facts.link = link;
    facts.isOut = false;
    facts.remote.fill(0);
    return facts;
  }

  private noteRemote({ paths, path }: Datagram): void {
    const { remote } = this.facts;
    for (let word = 0; word < REMOTE_WORDS; word++) remote[word] = paths[path + PATH.FAMILY + word];
  }

  private show(reason: number, offset: number, length: number): void {
    const { facts } = this;
    facts.length = length;
    facts.atUs = this.observer.now;
    if ((this.observer.points & AT.DROPS) !== 0) this.observer.dropped(reason, facts, offset);
    if (this.wanted[reason] === 0) return;
    this.wanted[reason] = 0;
    this.examples.write(reason, facts, this.bytes, offset);
  }
}
