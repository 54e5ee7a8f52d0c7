/** A bandwidth test that runs: paces what this end sends, tells the peer what came, and makes a report each second. */
import type { BandwidthFigures, BandwidthReport } from '../../api/index.js';
import type { BandwidthMessage, Reception } from '../../wire/bandwidth-test.js';
import { BandwidthSender } from './bandwidth-sender.js';
import type { Datapath } from './datapath.js';
import { YieldingRate } from './yielding-rate.js';

const TICK_MS = 5;
const RESULT_EVERY_MS = 250;
const REPORT_EVERY_MS = 1000;
/** A peer that says ever again that it has sent all is answered no more often. */
const LOOKED_AGAIN_MS = 100;
/** A sender that does not hear what arrives stops after this long. */
const SILENCE_MS = 3000;
/** Data that is this late is lost. */
const LATEST_MS = 1000;
/** What a receiver waits for beyond the end of the test, as the sender repeats that it is over. */
const LINGER_MS = 2500;
const NOTHING: Reception = { received: 0, highest: 0, reordered: 0, jitterUs: 0, elapsedUs: 0, bytes: 0 };

/** What is tested, and how. */
export interface BandwidthPlan {
  /** Row of the peer, and id of the test. */
  readonly peer: number;
  readonly test: number;
  /** Id of the link; null: the one that messages take. */
  readonly link: number | null;
  readonly seconds: number;
  /** What this end sends; null: nothing. */
  readonly kbps: number | null;
  readonly receives: boolean;
  /** The peer has asked for it: its last words are answered for a while, as the answers may be lost. */
  readonly lingers: boolean;
}

/** Whose test it is. */
export interface BandwidthOwner {
  /** Sends a message to the peer. */
  tell(message: BandwidthMessage): void;
  /** Called once, when nothing more comes of the test. */
  over(): void;
  /** Frames of users by the link so far, and how long datagrams wait on it. */
  use(): { frames: number; queueUs: number };
  /** Whether the peer still has its row. */
  isThere(): boolean;
}

type Result = Extract<BandwidthMessage, { what: 'result' }>;

export class BandwidthTest {
  readonly reports: BandwidthReport[] = [];
  private readonly sender: BandwidthSender | null;
  private readonly rate: YieldingRate | null;
  private readonly startedMs = performance.now();
  private readonly cpu = process.cpuUsage();
  private readonly timer: NodeJS.Timeout;
  private nextResultMs = this.startedMs + RESULT_EVERY_MS;
  private nextReportMs = this.startedMs + REPORT_EVERY_MS;
  private heardMs = this.startedMs;
  /** What the peer got of ours, and we of the peer's: now, and when the last report was made. */
  private there = NOTHING;
  private here = NOTHING;
  private thereBefore = NOTHING;
  private hereBefore = NOTHING;
  private sentBefore = 0;
  private frames: number;
  private lookedMs = Number.NEGATIVE_INFINITY;
  private isConfirmed: boolean;
  /** The peer was told that all it sent has come, or is lost. */
  private hasToldAll: boolean;
  /** Datagrams that the peer says it has sent. */
  private peerSent: number | null = null;
  private endMs = Number.POSITIVE_INFINITY;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly datapath: Datapath,
    readonly plan: BandwidthPlan,
    private readonly owner: BandwidthOwner,
  ) {
    this.rate = plan.kbps === null ? null : new YieldingRate(plan.kbps);
    this.sender = this.rate === null ? null : new BandwidthSender(datapath, plan, this.rate);
    this.frames = owner.use().frames;
    this.isConfirmed = this.sender === null;
    this.hasToldAll = !plan.receives;
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  get isOver(): boolean {
    return this.reports.at(-1)?.isLast ?? false;
  }

  /** Resolves with the report after the first `seen` ones; null: none follows, or the signal aborted. */
  async report(seen: number, signal: AbortSignal): Promise<BandwidthReport | null> {
    while (this.reports.length <= seen && !this.isOver && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return this.reports[seen] ?? null;
  }

  /** The peer tells what it has got. */
  resultCame(result: Result): void {
    this.heardMs = performance.now();
    // One that an older one has overtaken says nothing new, and figures never run backwards.
    if (result.received < this.there.received || result.highest < this.there.highest) return;
    this.yieldToUsers(result);
    this.there = result;
    if (result.isFinal && this.sender?.isDone) this.isConfirmed = true;
  }

  private yieldToUsers({ received, highest }: Result): void {
    const { frames, queueUs } = this.owner.use();
    const [due, arrived] = [highest - this.there.highest, received - this.there.received];
    this.rate?.look({ frames: Math.max(0, frames - this.frames), due, arrived, queueUs });
    this.frames = frames;
  }

  /** The peer has sent all; it says so again until it knows that we know. */
  endCame(sent: number): void {
    if (!this.plan.receives) return;
    if (this.peerSent === null) this.endMs = performance.now();
    this.peerSent = sent;
    if (performance.now() - this.lookedMs >= LOOKED_AGAIN_MS) void this.look();
  }

  stop(cause: string | null): void {
    if (this.isOver) return;
    clearInterval(this.timer);
    if (this.plan.receives) this.datapath.send({ kind: 'bandwidth-receive', peer: this.plan.peer, test: -1 });
    this.reports.push(this.summary(cause));
    this.wake();
    this.owner.over();
  }

  private tick(): void {
    const now = performance.now();
    const elapsed = now - this.startedMs;
    const limit = this.plan.seconds * 1000;
    if (!this.owner.isThere()) return this.stop('the peer has gone');
    if (this.sender !== null) {
      if (this.sender.hasFailed) return this.stop('the link is not up any more');
      if (now - this.heardMs > SILENCE_MS) return this.stop('nothing is heard of what arrives');
      if (elapsed < limit) this.sender.pace(now);
      else this.sender.isDone = true;
    }
    if (now >= this.nextResultMs) {
      this.nextResultMs += RESULT_EVERY_MS;
      if (this.plan.receives) void this.look();
      if (this.sender?.isDone)
        this.owner.tell({ what: 'end', id: this.plan.test, sent: this.sender.datagrams });
    }
    if (now >= this.nextReportMs && elapsed < limit + REPORT_EVERY_MS / 2) this.reportSecond(now);
    if (this.isSettled && !this.plan.lingers) this.stop(null);
    else if (elapsed > limit + LINGER_MS) {
      this.stop(this.isSettled ? null : 'the peer did not say how it ended');
    }
  }

  /** Nothing is open: this end has heard of all that it sent, and the peer of all that it did. */
  get isSettled(): boolean {
    return this.isConfirmed && this.hasToldAll;
  }

  /** All that the peer has sent has come, or is lost. */
  private get hasAll(): boolean {
    if (this.peerSent === null) return false;
    return this.here.received >= this.peerSent || performance.now() - this.endMs > LATEST_MS;
  }

  /** Looks at what has come, and tells the peer. */
  private async look(): Promise<void> {
    this.lookedMs = performance.now();
    const reception = await this.datapath.bandwidthReception(this.plan.peer);
    if (reception === null || this.isOver) return;
    this.here = reception;
    const isFinal = this.hasAll;
    this.owner.tell({ what: 'result', id: this.plan.test, isFinal, ...reception });
    if (isFinal) this.hasToldAll = true;
  }

  private reportSecond(now: number): void {
    this.nextReportMs += REPORT_EVERY_MS;
    const sent = this.sender?.datagrams ?? 0;
    this.reports.push({
      elapsedMs: Math.round(now - this.startedMs),
      isLast: false,
      cause: null,
      toPeer: this.sender === null ? null : figures(this.thereBefore, this.there, sent - this.sentBefore),
      fromPeer: this.plan.receives ? figures(this.hereBefore, this.here, null) : null,
      hasYielded: this.rate?.hasYielded ?? false,
      cpuPercent: this.cpuPercent(),
    });
    this.thereBefore = this.there;
    this.hereBefore = this.here;
    this.sentBefore = sent;
    this.wake();
  }

  private summary(cause: string | null): BandwidthReport {
    return {
      elapsedMs: Math.round(performance.now() - this.startedMs),
      isLast: true,
      cause,
      toPeer: this.sender === null ? null : figures(NOTHING, this.there, this.sender.datagrams, true),
      fromPeer: this.plan.receives ? figures(NOTHING, this.here, this.peerSent, true) : null,
      hasYielded: this.rate?.hasYielded ?? false,
      cpuPercent: this.cpuPercent(),
    };
  }

  private cpuPercent(): number {
    const { user, system } = process.cpuUsage(this.cpu);
    return Math.round((user + system) / 10 / (performance.now() - this.startedMs));
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** What came between two moments. Of a whole test everything that was sent should have come. */
function figures(
  before: Reception,
  after: Reception,
  sent: number | null,
  isWhole = false,
): BandwidthFigures {
  const received = after.received - before.received;
  const elapsedUs = after.elapsedUs - before.elapsedUs;
  const bytes = after.bytes - before.bytes;
  const due = isWhole && sent !== null ? sent : after.highest - before.highest;
  return {
    bitsPerSecond: elapsedUs > 0 ? Math.round((bytes * 8e6) / elapsedUs) : 0,
    bytes,
    sent,
    received,
    lost: Math.max(0, due - received),
    reordered: after.reordered - before.reordered,
    jitterUs: after.jitterUs,
  };
}
