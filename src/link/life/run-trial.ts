/**
 * Runs against single datagrams on the path of each link. There are kernels and devices whose UDP GSO loses or damages in silence
 * what is sent as a run; damaged datagrams are not authentic, so the peer's counts show them as lost.
 *
 * When a link loses much, everything is sent by itself for a while, then in runs again, and so on. If in each of `PAIRS` pairs of
 * windows runs are lost and single datagrams are not, UDP GSO is switched off on that link, and tried again after a rest. Loss that
 * does not care for runs, of a congested path or a bad radio, makes one of the pairs fail, and the link rests just as long before
 * the next comparison: neither it nor a peer that invents counts can make the link go to and fro.
 */
import { UNKNOWN } from '../../state/loss.js';
import { TRIAL } from '../../state/run-trials.js';
import type { LinkBase } from '../ports.js';
import type { Segmentation } from './segmentation.js';

const U32 = 0x1_0000_0000;
/** More in a window than any link carries: the counts of an end started over. */
const MOST_IN_WINDOW = 2 ** 28;
/** Loss of runs that is worth a comparison: this many datagrams and this share of all. */
const LOST = 8;
const LOST_SHARE = 0.05;
/** No window without such a loss is shorter, in datagrams and in heartbeats heard: losses come in bursts. */
const ENOUGH = 512;
const ENOUGH_BEATS = 4;
/** Single datagrams are spared if they lose at most this part of what runs lost; asked when `LOST` would have been lost else. */
const SPARED = 0.2;
const PAIRS = 4;
const SHORTEST_REST_US = 60_000_000;
const LONGEST_REST_US = 3_600_000_000;

export class RunTrial {
  constructor(
    private readonly base: LinkBase,
    private readonly segmentation: Segmentation,
  ) {}

  /** The peer has said by a heartbeat what it got by a link; that stands in `LossTable`. */
  heard(link: number, now: number): void {
    const { runTrials: trials, loss } = this.base.tables.links;
    const sent = loss.echoSent[link];
    if (sent === UNKNOWN || this.segmentation.isRefused(link)) return;
    if (trials.phase[link] === TRIAL.OFF) {
      if (now >= trials.nextAt[link]) this.tryAgain(link);
      return;
    }
    if (trials.settling[link] === 1) {
      if ((sent - trials.switchedAt[link] + U32) % U32 < U32 / 2) this.openWindow(link);
      return;
    }
    const due = (sent - trials.fromSent[link] + U32) % U32;
    const arrived = (loss.echoArrived[link] - trials.fromArrived[link] + U32) % U32;
    if (due > MOST_IN_WINDOW || arrived > MOST_IN_WINDOW) return this.openWindow(link);
    const lost = Math.max(0, due - arrived);
    if (trials.beats[link] < ENOUGH_BEATS) trials.beats[link]++;
    if (trials.phase[link] === TRIAL.SINGLES) this.judgeSingles(link, due, lost, now);
    else this.judgeRuns(link, due, lost, now);
  }

  private judgeRuns(link: number, due: number, lost: number, now: number): void {
    const { runTrials: trials } = this.base.tables.links;
    const isWatching = trials.phase[link] === TRIAL.WATCH;
    if (lost >= LOST && lost >= due * LOST_SHARE) {
      if (isWatching && now < trials.nextAt[link]) return this.openWindow(link);
      trials.runLoss[link] = lost / due;
      this.enter(link, TRIAL.SINGLES);
    } else if (this.isLongEnough(link, due)) {
      if (isWatching) this.runsArrive(link);
      else this.acquit(link, now);
    }
  }

  private judgeSingles(link: number, due: number, lost: number, now: number): void {
    const { runTrials: trials } = this.base.tables.links;
    const expected = due * trials.runLoss[link];
    if (expected < LOST || !this.isLongEnough(link, due)) return;
    if (lost > expected * SPARED) return this.acquit(link, now);
    trials.singleLoss[link] = lost / due;
    trials.pairs[link]++;
    if (trials.pairs[link] < PAIRS) this.enter(link, TRIAL.RUNS);
    else this.switchOff(link, now);
  }

  private isLongEnough(link: number, due: number): boolean {
    return due >= ENOUGH && this.base.tables.links.runTrials.beats[link] >= ENOUGH_BEATS;
  }

  /** Runs fare no worse than single datagrams, or not always. */
  private acquit(link: number, now: number): void {
    this.rest(link, now);
    this.runsArrive(link);
  }

  private runsArrive(link: number): void {
    const { runTrials: trials } = this.base.tables.links;
    if (trials.triedAgain[link] === 1) this.tell(link, false);
    trials.triedAgain[link] = 0;
    this.enter(link, TRIAL.WATCH);
  }

  private switchOff(link: number, now: number): void {
    this.rest(link, now);
    this.enter(link, TRIAL.OFF);
    this.tell(link, true);
  }

  private tryAgain(link: number): void {
    this.base.tables.links.runTrials.triedAgain[link] = 1;
    this.enter(link, TRIAL.WATCH);
  }

  /** No comparison begins, or runs are not tried again, for a time that doubles unless the last one was long ago. */
  private rest(link: number, now: number): void {
    const { runTrials: trials } = this.base.tables.links;
    const isFresh = now - trials.endedAt[link] > LONGEST_REST_US + trials.restUs[link];
    trials.restUs[link] = isFresh ? SHORTEST_REST_US : Math.min(LONGEST_REST_US, 2 * trials.restUs[link]);
    trials.endedAt[link] = now;
    trials.nextAt[link] = now + trials.restUs[link];
  }

  private enter(link: number, phase: number): void {
    const { links } = this.base.tables;
    const trials = links.runTrials;
    trials.phase[link] = phase;
    trials.settling[link] = 1;
    trials.switchedAt[link] = links.sent[link] % U32;
    if (phase === TRIAL.WATCH) trials.pairs[link] = 0;
    this.segmentation.follow(link);
  }

  private openWindow(link: number): void {
    const { runTrials: trials, loss } = this.base.tables.links;
    trials.settling[link] = 0;
    trials.beats[link] = 0;
    trials.fromSent[link] = loss.echoSent[link];
    trials.fromArrived[link] = loss.echoArrived[link];
  }

  private tell(link: number, isOff: boolean): void {
    const { links } = this.base.tables;
    const { runLoss, singleLoss, restUs } = links.runTrials;
    this.base.ports.emit({
      kind: 'runs-lost',
      peer: links.peer[link],
      link: links.id[link],
      isOff,
      runLossPermille: Math.round(runLoss[link] * 1000),
      singleLossPermille: Math.round(singleLoss[link] * 1000),
      againS: restUs[link] / 1e6,
    });
  }
}
