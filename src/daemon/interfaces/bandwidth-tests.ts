/** Bandwidth tests of an interface: those that an operator starts here, and those that peers ask for. One a peer at a time. */
import { randomInt } from 'node:crypto';
import type { InterfaceConfig } from '../../api/config.js';
import type { BandwidthParams } from '../../api/index.js';
import { effectivePolicy } from '../../config/defaults.js';
import type { DatapathEvent } from '../../contract/events.js';
import { LINK, LINK_WIDTH, PEER, PEER_WIDTH } from '../../contract/stats.js';
import {
  type BandwidthMessage,
  REFUSED,
  readBandwidthMessage,
  writeBandwidthMessage,
} from '../../wire/bandwidth-test.js';
import { RequestError } from '../base/request-errors.js';
import { type BandwidthPlan, BandwidthTest } from './bandwidth-test.js';
import type { Datapath } from './datapath.js';
import type { PeerEntries, PeerEntry } from './peer-entries.js';

/** Tests that peers have here at a time. */
const MOST_ANSWERED = 4;
const ASK_EVERY_MS = 500;
const ASKED = 6;

/** Why a message of a peer was not followed, each with a counter of its name. */
export const BANDWIDTH_HELP = {
  'unknown-test': 'word about a bandwidth test that does not run: most often it is over',
  busy: 'question for a bandwidth test while others run',
} as const;

export type BandwidthReason = keyof typeof BANDWIDTH_HELP;

interface Host {
  readonly datapath: Datapath;
  readonly peers: PeerEntries;
  readonly config: InterfaceConfig;
}

type Ask = Extract<BandwidthMessage, { what: 'ask' }>;
type Answer = Extract<BandwidthMessage, { what: 'answer' }>;

export class BandwidthTests {
  /** By row of the peer. */
  private readonly running = new Map<number, BandwidthTest>();
  private readonly answered = new Map<number, Answer>();
  private readonly asking = new Map<number, (answer: Answer) => void>();
  readonly refused: Record<BandwidthReason, number> = { 'unknown-test': 0, busy: 0 };

  constructor(private readonly host: Host) {}

  /** Asks the peer for a test and starts it. Rejects with `RequestError` when it does not take part. */
  async start(peer: PeerEntry, wish: BandwidthParams, signal: AbortSignal): Promise<[BandwidthTest, Answer]> {
    const { name } = peer.config;
    const { row } = peer;
    const link = wish.link ?? null;
    if (this.isBusy(row)) {
      throw new RequestError(`a bandwidth test with peer ${name} runs already`);
    }
    if (!peer.up) throw new RequestError(`peer ${name} is down`);
    const state = link === null ? 'up' : peer.links.get(link)?.state;
    if (state !== 'up') {
      throw new RequestError(`link ${link} of peer ${name} is ${state}, not up`);
    }
    const [forward, reverse] = [wish.direction !== 'reverse', wish.direction !== 'forward'];
    const id = randomInt(2 ** 16);
    const { seconds, rateKbps: kbps } = wish;
    if (reverse) this.host.datapath.send({ kind: 'bandwidth-receive', peer: row, test: id });
    const answer = await this.ask(row, { what: 'ask', id, forward, reverse, seconds, link, kbps }, signal);
    if (answer === null || answer.code !== REFUSED.NOT) {
      if (reverse) this.host.datapath.send({ kind: 'bandwidth-receive', peer: row, test: -1 });
      throw new RequestError(answer === null ? unanswered(name) : refused(name, link, answer.code));
    }
    return [
      this.run(peer, {
        peer: row,
        test: id,
        link,
        seconds,
        kbps: forward ? kbps : null,
        receives: reverse,
        lingers: false,
      }),
      answer,
    ];
  }

  heard({ peer: row, bytes }: Extract<DatapathEvent, { kind: 'bandwidth-message' }>): void {
    const message = readBandwidthMessage(bytes);
    const peer = this.host.peers.atRow(row);
    if (message === null || peer === undefined) return;
    if (message.what === 'ask') return this.tell(row, this.answer(peer, message));
    const asking = message.what === 'answer' ? this.asking.get(row) : undefined;
    if (message.what === 'answer' && asking !== undefined) return asking(message);
    const test = this.running.get(row);
    if (message.what === 'answer' || test?.plan.test !== message.id) {
      this.refused['unknown-test']++;
      return;
    }
    if (message.what === 'result') test.resultCame(message);
    else test.endCame(message.sent);
  }

  close(): void {
    for (const test of this.running.values()) test.stop('the interface stops');
  }

  clearCounters(): void {
    Object.assign(this.refused, { 'unknown-test': 0, busy: 0 });
  }

  /** Asks again until there is an answer; null: there is none. */
  private ask(row: number, ask: Ask, signal: AbortSignal): Promise<Answer | null> {
    return new Promise((resolve) => {
      let left = ASKED;
      const finish = (answer: Answer | null): void => {
        clearInterval(timer);
        signal.removeEventListener('abort', onAbort);
        this.asking.delete(row);
        resolve(answer);
      };
      const onAbort = (): void => finish(null);
      const next = (): void => {
        if (left-- > 0) this.tell(row, ask);
        else finish(null);
      };
      const timer = setInterval(next, ASK_EVERY_MS);
      signal.addEventListener('abort', onAbort);
      this.asking.set(row, (answer) => {
        if (answer.id === ask.id) finish(answer);
      });
      next();
    });
  }

  /** Agrees to a test and starts it, or says why not. A question that comes again gets the same answer. */
  private answer(peer: PeerEntry, ask: Ask): Answer {
    const { row } = peer;
    const { bandwidthTest } = this.host.config;
    const before = this.answered.get(row);
    if (before?.id === ask.id) return before;
    const { id, forward, reverse, seconds, link } = ask;
    const refuse = (code: number): Answer => ({ what: 'answer', id, code, kbps: 0 });
    if (bandwidthTest === false) return refuse(REFUSED.OFF);
    if (reverse && bandwidthTest === undefined) return refuse(REFUSED.MAY_NOT_SEND);
    const mayStillSend = bandwidthTest ? bandwidthTest.sendMbps * 1000 - this.sendingKbps : 0;
    if (this.isBusy(row) || this.answered.size >= MOST_ANSWERED || (reverse && mayStillSend <= 0)) {
      this.refused.busy++;
      return refuse(REFUSED.BUSY);
    }
    if (link !== null && peer.links.get(link)?.state !== 'up') return refuse(REFUSED.NO_LINK);
    const kbps = reverse ? Math.min(ask.kbps, mayStillSend) : null;
    if (forward) this.host.datapath.send({ kind: 'bandwidth-receive', peer: row, test: id });
    const answer: Answer = { what: 'answer', id, code: REFUSED.NOT, kbps: kbps ?? 0 };
    this.answered.set(row, answer);
    this.run(peer, { peer: row, test: id, link, seconds, kbps, receives: forward, lingers: true });
    return answer;
  }

  /** What is sent at most for peers that have asked for it. */
  private get sendingKbps(): number {
    return [...this.answered.values()].reduce((sum, { kbps }) => sum + kbps, 0);
  }

  /** Whether a test with this peer runs; one that only waits for its last words to be asked for again ends here. */
  private isBusy(row: number): boolean {
    const test = this.running.get(row);
    if (test?.isSettled) test.stop(null);
    return this.running.has(row) || this.asking.has(row);
  }

  private run(entry: PeerEntry, plan: BandwidthPlan): BandwidthTest {
    const { peer } = plan;
    const test = new BandwidthTest(this.host.datapath, plan, {
      tell: (message) => this.tell(peer, message),
      use: () => this.useOf(entry, plan.link),
      isThere: () => this.host.peers.atRow(peer) === entry,
      over: () => {
        this.running.delete(peer);
        this.answered.delete(peer);
      },
    });
    this.running.set(peer, test);
    return test;
  }

  /** Frames of users go by a link if the policy may send any by it. */
  private useOf(peer: PeerEntry, link: number | null): { frames: number; queueUs: number } {
    const { row } = peer;
    const { stats } = this.host.datapath;
    const ofPeer = (field: number): number => stats.peers[row * PEER_WIDTH + field];
    const id = link ?? ofPeer(PEER.activeLink);
    const entry = peer.links.get(id);
    if (entry === undefined) return { frames: 0, queueUs: 0 };
    const isUsed =
      effectivePolicy(this.host.config, peer.config) === 'passive'
        ? id === ofPeer(PEER.activeLink)
        : (ofPeer(PEER.usableLinks) & (1 << id)) !== 0;
    const ofLink = (field: number): number => stats.links[entry.row * LINK_WIDTH + field];
    const queueUs = Math.max(0, ofLink(LINK.rttLastUs) - ofLink(LINK.rttMinUs));
    return { frames: isUsed ? ofPeer(PEER.txFrames) + ofPeer(PEER.rxFrames) : 0, queueUs };
  }

  private tell(peer: number, message: BandwidthMessage): void {
    this.host.datapath.send({ kind: 'bandwidth-message', peer, bytes: writeBandwidthMessage(message) });
  }
}

function unanswered(name: string): string {
  return `peer ${name} does not answer: its octolinkd knows no bandwidth tests, or is out of reach`;
}

function refused(name: string, link: number | null, code: number): string {
  switch (code) {
    case REFUSED.OFF:
      return `peer ${name} takes part in no bandwidth tests: "no bandwidth-test" is configured there`;
    case REFUSED.BUSY:
      return `peer ${name} is busy with another bandwidth test`;
    case REFUSED.MAY_NOT_SEND:
      return `peer ${name} sends no test data: "bandwidth-test send RATE" in its interface allows it`;
    case REFUSED.NO_LINK:
      return `link ${link} is not up at peer ${name}`;
    default:
      return `peer ${name} takes no part in the test, for a reason that this version does not know (${code})`;
  }
}
