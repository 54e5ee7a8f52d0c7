/**
 * Which links a peer's lane uses.
 *
 * It begins with one. When all it has are filled, another is taken in, at once: a transfer that grows never meets the
 * end of the first link's queue. What decides whether a set is kept is what TCP would make of it, bounded by
 * capacity (`worth.ts`). A set worth less than its best link alone is given up, the others are not tried again for a
 * while, which doubles each time. And when the set has carried less than its best link could for a while, the best link
 * is tried alone, whatever the reason.
 */
import { MAX_LINKS } from '../../wire/header.js';
import { TELLING } from './losses.js';
import { LaneResends, type ResendFacts } from './resends.js';
import { Rests } from './rests.js';
import { GROWTH, Trial } from './trial.js';
import { Worth } from './worth.js';

/** What the set knows of the peer's links, by link id. */
export interface LinkFacts extends ResendFacts {
  /** The same, as far as it is no work of chance. */
  provenBeatLoss(id: number): number;
  /** Losses by heartbeats, those of a burst counted once and the first not at all, as a share of the datagrams. */
  beatLossEvents(id: number): number;
}

/** Which losses count: all that were seen, or what they prove. */
type LossOf = (id: number) => number;

const REVIEW_US = 20_000;
/** Between two links that a set takes in because too much waits for it. */
const GROW_PAUSE_US = 1_000;
/** For how long a queue that stood still counts. */
const FILLED_US = 60_000;
/** Losses before they are believed. */
const LOSSES = 2;
/** With fewer, heartbeats told of the link and not of the lane's own queue. */
const QUIET = 64;
/** A larger difference in delay would fire TCP's retransmission timer (200 ms at least, RFC 6298 as Linux has it). */
const MAX_SPREAD_US = 150_000;
/** A set is kept while it promises this share of its best link, and tried while it promises more than this. */
const KEEP_SHARE = 0.95;
/** A link must add this share of what the others have, and the more the later it is: as much at `FULL_SPREAD_US`. */
const LEAST_SHARE = 0.1;
const FULL_SPREAD_US = 100_000;
/** A link that the set has is left when it adds less than this share of what it should: delays are known only about. */
const KEEP_MEAGRE = 0.5;
/** A link of unknown capacity is taken for one that carries this share of the best. */
const ASSUMED_SHARE = 0.5;
/** Bulk flows are counted in rounds. */
const ROUND_US = 200_000;
/** How long a set must have carried less than its best link could before it is given up. */
const POOR_US = 1_500_000;
/** A lane that has carried no more for this long leaves its links for another on trial, if that may carry this much more. */
const SETTLED_US = 1_500_000;
const SUSPICIOUS_LOSSES = 1.5;
const TRIAL_GAIN = 1.2;
const RATE_MEMORY_US = 500_000;
const USUAL_MEMORY_US = 4_000_000;
/** The lane moves to a link outside of its set that promises this many times what the set does. */
const MOVE_GAIN = 1.5;
/**
 * A link that loses datagrams carries those of the lane that would wait this much longer by one that does not: more than an
 * earlier link is preferred for being early, and for each loss as long as it is likely to be.
 */
const LOSSY_US = 5_000;
const LOSS_US = 1_000_000;
const MOST_LOSSY_US = 15_000;

export class LaneSet {
  /** Bit set of link ids. */
  set = 0;
  /** By link id: how much later a datagram arrives than by the earliest link, both empty. */
  readonly laterUs = new Float64Array(MAX_LINKS);
  /** Round in which bulk flows are counted now, how many there were in the last. */
  round = 1;
  flowCount = 0;
  /** Bytes per µs delivered by the set, averaged. */
  rate = 0;
  /** First difference of clocks seen: delays are counted from it. NaN until then. */
  clock = Number.NaN;
  private readonly rests = new Rests();
  /** By link id: when it carried something of the lane last. */
  readonly usedAt = new Float64Array(MAX_LINKS).fill(Number.NEGATIVE_INFINITY);
  /** By link id: share of datagrams lost before the lane filled it. */
  private readonly quietLoss = new Float64Array(MAX_LINKS);
  private readonly quietProven = new Float64Array(MAX_LINKS);
  private readonly quietEvents = new Float64Array(MAX_LINKS);
  /** `rate` over a longer time: what a time-out of TCP leaves of it. */
  private usualRate = 0;
  private counting = 0;
  private roundAt = 0;
  private reviewedAt = 0;
  private grownAt = 0;
  private poorSince = 0;
  private poorRate = 0;
  /** When the set was filled last. */
  private filledAt = 0;
  private readonly trial = new Trial();
  /** With which links, at which rate and since when the lane carries no more. */
  private settledSet = 0;
  private settledRate = 0;
  private settledAt = 0;

  private readonly sum = new Worth();
  /** Whether what is lost is sent again. */
  readonly resends: LaneResends;

  constructor(private readonly facts: LinkFacts) {
    this.resends = new LaneResends(facts);
  }

  /** Counts a bulk flow that is new in this round; returns the round it is counted in. */
  countFlow(now: number): number {
    this.turnRound(now);
    this.counting++;
    return this.round;
  }

  private turnRound(now: number): void {
    if (now - this.roundAt < ROUND_US) return;
    this.flowCount = this.counting;
    this.counting = 0;
    this.roundAt = now;
    this.round++;
  }

  /** The links to use now; begins with the most promising one. */
  usableSet(usable: number, now: number): number {
    if ((this.set & usable) === 0 && usable !== 0) {
      this.refreshDelays(usable);
      this.set = 1 << this.best(usable, now);
    }
    return this.set & usable;
  }

  /** How much later than the earliest link the latest of the set is, in µs. */
  lateUs(usable: number, now: number): number {
    let latest = 0;
    eachOf(this.usableSet(usable, now), (id) => {
      latest = Math.max(latest, this.laterUs[id]);
    });
    return latest;
  }

  /** Takes new measurements into account. */
  review(usable: number, now: number): void {
    if (now - this.reviewedAt < REVIEW_US) return;
    const elapsed = now - this.reviewedAt;
    this.reviewedAt = now;
    this.turnRound(now);
    this.refreshDelays(usable);
    const set = this.usableSet(usable, now);
    if (set === 0) return;
    const delivered = this.deliveredBy(set, now);
    this.rate += Math.min(1, elapsed / RATE_MEMORY_US) * (delivered - this.rate);
    this.noteUsual(delivered, elapsed);
    this.judgeTrial(now);
    if ((set & (set - 1)) !== 0) this.judgeSet(set, now);
    this.prefer(usable, now);
    const current = this.set & usable;
    if (this.isFilled(current, now)) {
      this.filledAt = now;
      this.grow(Number.POSITIVE_INFINITY, usable, now);
    }
    this.resends.review(current, this.flowsNow());
    this.noteSettled(now);
    this.venture(this.set & usable, usable, now);
  }

  /** Rises as fast as `rate`, and falls slowly. */
  private noteUsual(delivered: number, elapsed: number): void {
    if (this.flowCount === 0) return;
    const memory = delivered > this.usualRate ? RATE_MEMORY_US : USUAL_MEMORY_US;
    this.usualRate += Math.min(1, elapsed / memory) * (delivered - this.usualRate);
  }

  private refreshDelays(usable: number): void {
    let known = true;
    eachOf(usable, (id) => {
      if (this.facts.capacity(id).baseUs === Number.POSITIVE_INFINITY) known = false;
    });
    let least = Number.POSITIVE_INFINITY;
    eachOf(usable, (id) => {
      this.laterUs[id] = known ? this.facts.capacity(id).baseUs : this.facts.rttUs(id) / 2;
      least = Math.min(least, this.laterUs[id]);
    });
    eachOf(usable, (id) => {
      this.laterUs[id] -= least;
    });
  }

  private deliveredBy(set: number, now: number): number {
    let sum = 0;
    eachOf(set, (id) => {
      const link = this.facts.capacity(id);
      if (now - link.reportedAt < RATE_MEMORY_US) sum += link.delivered;
    });
    return sum;
  }

  private isFilled(set: number, now: number): boolean {
    let filled = set !== 0;
    eachOf(set, (id) => {
      if (now - this.facts.capacity(id).filledAt > FILLED_US) filled = false;
    });
    return filled;
  }

  // --- worth ----------------------------------------------------------------------------------------

  /**
   * What bulk flows would get of a set of links, in bytes per µs. A link whose capacity is unknown counts with
   * `unknown`, or with what it has delivered if that is more.
   */
  worth(set: number, unknown = Number.POSITIVE_INFINITY, lossOf: LossOf = this.lossOf): number {
    const { sum } = this;
    sum.begin();
    eachOf(set, (id) => {
      const { capacity, delivered } = this.facts.capacity(id);
      const assumed = capacity === 0 ? Math.max(unknown, delivered) : capacity;
      sum.add(assumed, Math.max(capacity, delivered), lossOf(id), this.facts.rttUs(id));
    });
    return sum.of(this.flowsNow());
  }

  private flowsNow(): number {
    return Math.max(1, this.flowCount);
  }

  /** What is lost by all that was seen: enough to keep a link out. */
  private readonly lossOf: LossOf = (id) =>
    this.lossBy(id, this.facts.capacity(id).losses.share, this.quietLoss);

  /** How much longer than by this link a datagram may rather wait by another, for what this one loses, in µs. */
  lossyUs(id: number): number {
    const loss = this.lossOf(id);
    return loss <= 0 ? 0 : Math.min(MOST_LOSSY_US, LOSSY_US + LOSS_US * loss);
  }

  /** What is lost for sure: the lane leaves a link for no less. */
  private readonly provenLossOf: LossOf = (id) =>
    this.lossBy(id, this.facts.capacity(id).losses.proven, this.quietProven);

  /** What TCP would have felt before the lane sent anything by a link: no transfer has brought that on itself. */
  private readonly quietLossOf: LossOf = (id) => {
    this.noteQuiet(id);
    return this.quietEvents[id];
  };

  /** Heartbeats, by what they said `quiet`, are believed until bulk traffic has said more. */
  private lossBy(id: number, bulk: number, quiet: Float64Array): number {
    const { observed, losses } = this.facts.capacity(id);
    this.noteQuiet(id);
    if (losses.random >= LOSSES) return bulk;
    return observed < TELLING ? quiet[id] : 0;
  }

  private noteQuiet(id: number): void {
    if (this.facts.capacity(id).observed >= QUIET) return;
    this.quietLoss[id] = this.facts.beatLoss(id);
    this.quietProven[id] = this.facts.provenBeatLoss(id);
    this.quietEvents[id] = this.facts.beatLossEvents(id);
  }

  /** The transfers that there are now were disappointed by a link. */
  private rest(id: number, now: number): void {
    this.rests.begin(id, this.flowsNow(), now);
  }

  private isRested(id: number, now: number): boolean {
    return this.rests.isOver(id, this.flowsNow(), now);
  }

  /** The most promising single link of a set. */
  best(set: number, now: number): number {
    let best = -1;
    let most = -1;
    eachOf(set, (id) => {
      // Untried links promise equally much: the earlier one is taken then.
      const worth = Math.min(1e9, this.worth(1 << id));
      const promise = this.isRested(id, now) ? worth : worth / 1e6;
      if (best >= 0 && (promise < most || (promise === most && this.laterUs[id] >= this.laterUs[best])))
        return;
      best = id;
      most = promise;
    });
    return best;
  }

  private bestOf(set: number, lossOf: LossOf = this.lossOf): number {
    let best = -1;
    eachOf(set, (id) => {
      if (best < 0 || this.worth(1 << id, 0, lossOf) > this.worth(1 << best, 0, lossOf)) best = id;
    });
    return best;
  }

  // --- changes --------------------------------------------------------------------------------------

  /** A datagram would wait for `waitUs` at the least, by what the set's links are known to carry: another may help. */
  outgrown(waitUs: number, usable: number, now: number): void {
    if ((usable & ~this.set) === 0 || this.trial.from !== 0 || now - this.grownAt < GROW_PAUSE_US) return;
    this.grownAt = now;
    this.grow(waitUs, usable, now);
  }

  /** Takes a link in, the earliest that may help and is not later by more than what waits now. */
  private grow(waitUs: number, usable: number, now: number): void {
    const others = usable & ~this.set;
    let best = -1;
    eachOf(others, (id) => {
      if (!this.isRested(id, now) || waitUs < this.apartUs(id)) return;
      // After a rest it has another chance; one that was never tried must promise something.
      const isNew = this.facts.capacity(id).observed < TELLING && this.rests.isUntried(id);
      if (this.isMeagre(this.set | (1 << id), id, 1)) return;
      if (isNew && this.worth(this.set | (1 << id)) < this.worth(this.set)) return this.rest(id, now);
      if (this.spreadUs(this.set | (1 << id)) > MAX_SPREAD_US) return;
      if (best < 0 || this.laterUs[id] < this.laterUs[best]) best = id;
    });
    if (best < 0) return;
    const link = this.facts.capacity(best);
    link.losses.forget();
    link.assumed = ASSUMED_SHARE * this.facts.capacity(this.bestOf(this.set)).capacity;
    this.set |= 1 << best;
    this.poorSince = 0;
  }

  /** How far the delays of a set come apart. */
  private spreadUs(set: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    let latest = 0;
    eachOf(set, (id) => {
      earliest = Math.min(earliest, this.laterUs[id]);
      latest = Math.max(latest, this.laterUs[id]);
    });
    return latest - earliest;
  }

  /** How much earlier than the earliest link of the set, or later than the latest, a link is. */
  private apartUs(id: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    let latest = 0;
    eachOf(this.set, (other) => {
      earliest = Math.min(earliest, this.laterUs[other]);
      latest = Math.max(latest, this.laterUs[other]);
    });
    return Math.max(0, earliest - this.laterUs[id], this.laterUs[id] - latest);
  }

  /** Whether a set of several links is worth more than its best link alone. */
  private judgeSet(set: number, now: number): void {
    let meagre = -1;
    eachOf(set, (id) => {
      if (this.isMeagre(set, id, KEEP_MEAGRE)) meagre = id;
    });
    if (meagre >= 0) {
      this.rest(meagre, now);
      this.set = set & ~(1 << meagre);
      return;
    }
    const best = this.bestOf(set);
    const alone = this.worth(1 << best, 0);
    if (this.worth(set) < KEEP_SHARE * alone) {
      const kept = this.bestOf(set, this.provenLossOf);
      eachOf(set & ~(1 << kept), (id) => this.rest(id, now));
      return this.use(kept);
    }
    if (this.rate >= KEEP_SHARE * alone || this.facts.capacity(best).capacity === 0) this.poorSince = 0;
    else if (this.poorSince === 0 || this.rate > GROWTH * this.poorRate) {
      // A transfer that is on its way up has not shown yet what it can reach.
      this.poorSince = now;
      this.poorRate = this.rate;
    } else if (now - this.poorSince > POOR_US && this.isRested(best, now)) {
      const others = set & ~(1 << best);
      if (!this.isSpread(others, now)) return;
      eachOf(others, (id) => this.rest(id, now));
      this.tryAlone(best, set, this.rate, now);
    }
  }

  /** A link that was down when the set was chosen, or of which more is known now, may be far better than the set. */
  private prefer(usable: number, now: number): void {
    const best = this.best(usable & ~this.set, now);
    if (this.trial.from !== 0 || best < 0 || !this.isRested(best, now)) return;
    const isKnown = this.facts.capacity(best).capacity !== 0;
    const inUse = this.worth(this.set & usable, Number.POSITIVE_INFINITY, this.provenLossOf);
    if (isKnown && this.worth(1 << best) > MOVE_GAIN * Math.max(inUse, this.rate)) this.use(best);
  }

  /** Whether any of the links has carried something of late: an idle one does no harm. */
  private isSpread(links: number, now: number): boolean {
    let spread = false;
    eachOf(links, (id) => {
      if (now - this.usedAt[id] < RATE_MEMORY_US) spread = true;
    });
    return spread;
  }

  /** Whether a link adds too little capacity to a set for the delay that it adds: less than `leeway` times what it should. */
  private isMeagre(set: number, id: number, leeway: number): boolean {
    const { capacity } = this.facts.capacity(id);
    if (capacity === 0) return false;
    let others = 0;
    let latest = 0;
    eachOf(set & ~(1 << id), (other) => {
      others += this.facts.capacity(other).capacity;
      latest = Math.max(latest, this.laterUs[other]);
    });
    const share = Math.max(LEAST_SHARE, (this.laterUs[id] - latest) / FULL_SPREAD_US);
    return capacity < leeway * share * others;
  }

  private use(id: number): void {
    this.set = 1 << id;
    this.poorSince = 0;
  }

  /**
   * The transfers get no more though they would take it: a link that may carry more shows alone whether it does, whatever is
   * believed of the losses that others met there; but for what heartbeats lost before.
   */
  private venture(set: number, usable: number, now: number): void {
    const isSettled = this.flowCount > 0 && now - this.settledAt >= SETTLED_US;
    if (this.trial.from !== 0 || !isSettled || !this.isHeldBack(set, now)) return;
    const rate = Math.max(this.rate, this.usualRate);
    let best = -1;
    eachOf(usable, (id) => {
      if (set === 1 << id || !this.trial.mayTry(id, this.flowsNow(), now)) return;
      const { capacity } = this.facts.capacity(id);
      const mayCarryMore = capacity === 0 || capacity > MOVE_GAIN * rate;
      const lossOf = mayCarryMore ? this.quietLossOf : this.lossOf;
      if (this.worth(1 << id, Number.POSITIVE_INFINITY, lossOf) < TRIAL_GAIN * rate) return;
      if (best < 0 || this.worth(1 << id) > this.worth(1 << best)) best = id;
    });
    if (best < 0) return;
    this.tryAlone(best, set, rate, now);
  }

  /** Whether it is the set that bounds what goes by it: it is full, or loses datagrams. */
  private isHeldBack(set: number, now: number): boolean {
    let isHeldBack = now - this.filledAt < SETTLED_US;
    eachOf(set, (id) => {
      const isUsed = now - this.usedAt[id] < SETTLED_US;
      const { losses } = this.facts.capacity(id);
      if (isUsed && losses.random >= SUSPICIOUS_LOSSES && losses.share > 0) isHeldBack = true;
    });
    return isHeldBack;
  }

  /** Since when the lane has the same links and carries no more than then. */
  private noteSettled(now: number): void {
    if (this.flowCount > 0 && this.set === this.settledSet && this.rate <= GROWTH * this.settledRate) return;
    this.settledSet = this.set;
    this.settledRate = this.rate;
    this.settledAt = now;
  }

  /** A set that carries `rate` is left for one link, until that has shown whether it carries as much. */
  private tryAlone(id: number, set: number, rate: number, now: number): void {
    this.trial.begin(set, rate, now);
    this.facts.capacity(id).losses.forget();
    this.use(id);
  }

  private judgeTrial(now: number): void {
    const { trial } = this;
    if (trial.from === 0) return;
    // Filled already, and more was taken in.
    if ((this.set & (this.set - 1)) !== 0) return trial.end();
    const current = Math.log2(this.set);
    const isBound = this.facts.capacity(current).isBoundSince(trial.beganAt);
    const isAsGood = trial.judge(this.rate, this.facts.rttUs(current), isBound, now);
    if (isAsGood === undefined) return;
    if (isAsGood) eachOf(trial.from & ~this.set, (id) => this.rest(id, now));
    else {
      trial.failed(current, this.flowsNow(), now);
      this.rest(current, now);
      this.set = trial.from;
    }
    trial.end();
  }
}

function eachOf(set: number, visit: (id: number) => void): void {
  for (let id = 0; id < MAX_LINKS; id++) if ((set & (1 << id)) !== 0) visit(id);
}
