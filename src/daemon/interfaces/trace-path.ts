/**
 * Finds out hop by hop what lies on a way, from what comes of probes. Pure: the probes are handed in.
 *
 * Probes are as large as the first device takes. A router that cannot pass them on says so, by ICMP, and how much it takes; from
 * there on probes are smaller. Where large ones vanish twice and a small one does not, something keeps quiet about its MTU.
 */
import type { TraceHop } from '../../api/index.js';
import type { TraceAnswer } from '../../contract/events.js';

/** Hops in a row without an answer after which nobody is expected to answer any more. */
const MOST_SILENT = 5;
/** Smaller packets than this are not tried because of what ICMP says: every path takes them (RFC 791). */
const LEAST_MTU = 68;

/** What came of one probe; `from`: text of the address. */
export interface ProbeAnswer {
  readonly what: TraceAnswer['what'];
  readonly from: string | null;
  /** Of `too-big`: what goes further, in bytes; 0: it is not said. */
  readonly mtu: number;
  /** Of `unreachable` and `refused`: why, in words. */
  readonly reason: string;
  readonly rttUs: number;
}

/** Sends an IP packet of `size` bytes that may take so many hops (0: any number). Null: nobody answered in time. */
export type Probe = (hops: number, size: number) => Promise<ProbeAnswer | null>;

interface PathSizes {
  /** Sizes of packets in bytes: the first to try, what the link is known to carry, and one that gets through anywhere. */
  readonly first: number;
  readonly known: number;
  readonly small: number;
}

export class PathTrace {
  readonly hops: TraceHop[] = [];
  rttUs: number | null = null;
  problem: string | null = null;
  /** Bytes of the packets in use. */
  size: number;
  /** What routers have said that they pass on whose hops are still to come, by their addresses. */
  private readonly ahead = new Map<string, number>();

  constructor(
    private readonly probe: Probe,
    private readonly sizes: PathSizes,
  ) {
    this.size = sizes.first;
  }

  /** Follows the way for up to so many hops, as long as `isWanted`. */
  async run(most: number, isWanted: () => boolean): Promise<void> {
    const end = await this.probe(0, this.sizes.small);
    if (end?.what === 'refused') {
      this.problem = end.reason;
      return;
    }
    if (end?.what === 'peer') this.rttUs = end.rttUs;
    let silent = 0;
    for (let hop = 1; hop <= most && silent < MOST_SILENT && isWanted(); hop++) {
      const answer = await this.answerAt(hop);
      if (answer?.what === 'refused') {
        this.problem = answer.reason;
        return;
      }
      this.hops.push(this.hopOf(hop, answer));
      if (answer?.what === 'peer' || answer?.what === 'unreachable') return;
      silent = answer === null ? silent + 1 : 0;
    }
  }

  /** What comes of probes with this hop limit: of a large one, or of one as large as gets so far. */
  private async answerAt(hop: number): Promise<ProbeAnswer | null> {
    for (;;) {
      const answer = await this.probe(hop, this.size);
      if (answer === null) return this.askSmaller(hop);
      if (!this.isForSize(answer)) return answer;
      if (answer.what === 'too-big') this.note(answer.from, this.smaller(answer.mtu), 'icmp');
      this.size = this.smaller(answer.mtu);
    }
  }

  /** Large ones get no answer: whether that is their size. One may have been lost, and routers do not answer every time. */
  private async askSmaller(hop: number): Promise<ProbeAnswer | null> {
    const { small, known } = this.sizes;
    if (this.size <= small) return null;
    const answer = await this.probe(hop, small);
    if (answer === null || this.isForSize(answer)) return answer;
    const again = await this.probe(hop, this.size);
    if (again !== null && !this.isForSize(again)) return again;
    const isKnownGood = known < this.size && known > small && (await this.probe(hop, known)) !== null;
    this.size = isKnownGood ? known : small;
    this.note(null, this.size, 'silence');
    return answer;
  }

  /** Whether a smaller packet may get another answer. */
  private isForSize({ what }: ProbeAnswer): boolean {
    return (what === 'too-big' || what === 'refused') && this.size > this.sizes.small;
  }

  /** The next size after an answer that names this MTU, or 0. */
  private smaller(mtu: number): number {
    const { small, known } = this.sizes;
    if (mtu >= LEAST_MTU && mtu < this.size) return Math.max(mtu, small);
    return known < this.size ? Math.max(known, small) : small;
  }

  /**
   * From the hop of this address on (else from the last one) packets are smaller. Before there is a hop, a router speaks of a
   * large packet that went further than the first probe: it is one of those to come.
   */
  private note(address: string | null, mtu: number, by: 'icmp' | 'silence'): void {
    const at = this.hops.findLast((hop) => address !== null && hop.address === address) ?? this.hops.at(-1);
    if (at === undefined) {
      if (address !== null) this.ahead.set(address, mtu);
      return;
    }
    at.address ??= address;
    at.mtu = mtu;
    at.mtuBy = by;
  }

  private hopOf(hop: number, answer: ProbeAnswer | null): TraceHop {
    const address = answer?.from ?? null;
    const mtu = address === null ? null : (this.ahead.get(address) ?? null);
    return {
      hop,
      address,
      rttUs: answer?.rttUs ?? null,
      mtu,
      mtuBy: mtu === null ? null : 'icmp',
      refusal: answer?.what === 'unreachable' ? answer.reason : null,
      isPeer: answer?.what === 'peer',
    };
  }
}
