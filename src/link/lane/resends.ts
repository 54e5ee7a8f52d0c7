/**
 * Whether what a lane loses is sent again when the peer asks for it. It helps where chance keeps transfers far below what the
 * links carry. Elsewhere it would harm: what a full queue drops, TCP must hear of, and what follows a gap has to wait.
 */
import { MAX_LINKS } from '../../wire/header.js';
import type { LinkCapacity } from './capacity.js';
import { TELLING } from './losses.js';
import { Worth } from './worth.js';

/** What is known of the peer's links, by link id. */
export interface ResendFacts {
  capacity(id: number): LinkCapacity;
  rttUs(id: number): number;
  /** Share of datagrams lost, by heartbeats. */
  beatLoss(id: number): number;
  /** Whether the peer asks for what is lost, and would get it soon enough. */
  isAskedAgain(): boolean;
}

/** Transfers that losses keep below this share of what the links carry are helped. */
const HELPED_SHARE = 0.7;
/** That what is lost is sent again from now on is told no more often than this, beside heartbeats; µs. */
const TELL_PAUSE_US = 20_000;

export class LaneResends {
  /** Whether the peer was told so last. */
  private isTold = false;
  private toldAt = 0;
  private isBoundByLoss = false;
  private readonly sum = new Worth();

  constructor(private readonly facts: ResendFacts) {}

  /** Takes new measurements of the lane's links (a bit set of ids) into account, which so many transfers use. */
  review(set: number, flows: number): void {
    const { sum, facts } = this;
    let known = 0;
    sum.begin();
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((set & (1 << id)) === 0) continue;
      const { capacity, delivered, observed, losses } = facts.capacity(id);
      const most = capacity === 0 ? Number.POSITIVE_INFINITY : capacity;
      const loss = observed < TELLING ? facts.beatLoss(id) : losses.raw;
      sum.add(most, Math.max(capacity, delivered), loss, facts.rttUs(id));
      known += most;
    }
    this.isBoundByLoss = sum.of(flows) < HELPED_SHARE * known;
  }

  /** Whether something that the links lose now is lost by chance, and worth sending again. */
  private helps(set: number, now: number): boolean {
    if (!this.isBoundByLoss || !this.facts.isAskedAgain()) return false;
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((set & (1 << id)) !== 0 && this.facts.capacity(id).isFull(now)) return false;
    }
    return true;
  }

  /** What a heartbeat that leaves now tells the peer. */
  tell(set: number, now: number): boolean {
    this.isTold = this.helps(set, now);
    this.toldAt = now;
    return this.isTold;
  }

  /** Whether the peer should hear before the next heartbeat that it is otherwise than it was told. */
  isNews(set: number, now: number): boolean {
    if (!this.isTold && now - this.toldAt < TELL_PAUSE_US) return false;
    return this.isTold !== this.helps(set, now);
  }
}
