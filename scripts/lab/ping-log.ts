/**
 * Reads the lines of `ping -D -O` and reports what was lost when, and for how long no answer came. The times are
 * ping's own, so a late reader does not change them.
 */

/** What happened to a ping between two moments. */
export interface PingWindow {
  /** Requests sent in the window. */
  sent: number;
  /** Of those, requests that were never answered. */
  lost: number;
  /** Answers that came more than once. */
  duplicated: number;
  /** Longest time between two successive answers, in ms. */
  silenceMs: number;
}

interface Answer {
  sequence: number;
  /** Seconds since the epoch. */
  sentAt: number;
  receivedAt: number;
}

const ANSWER = /^\[(\d+\.\d+)\] \d+ bytes from .* icmp_seq=(\d+) ttl=\d+ time=([\d.]+) ms( \(DUP!\))?/;
const UNANSWERED_YET = /no answer yet for icmp_seq=(\d+)/;
/** ICMP's sequence numbers have 16 bits. */
const SEQUENCES = 65_536;

export class PingLog {
  private readonly answers: Answer[] = [];
  private readonly answered = new Set<number>();
  private readonly duplicateTimes: number[] = [];
  private highest = 0;

  /** Takes one line of ping's output; lines that say nothing about a request are ignored. */
  feed(line: string): void {
    const answer = ANSWER.exec(line);
    if (!answer) {
      const waiting = UNANSWERED_YET.exec(line);
      if (waiting) this.unwrap(Number(waiting[1]));
      return;
    }
    const [, time, sequence, roundTripMs, duplicate] = answer;
    const receivedAt = Number(time);
    if (duplicate) {
      this.duplicateTimes.push(receivedAt);
      return;
    }
    const number = this.unwrap(Number(sequence));
    this.answered.add(number);
    this.answers.push({ sequence: number, sentAt: receivedAt - Number(roundTripMs) / 1000, receivedAt });
  }

  /** Requests known to be sent; ping reports one when it is answered, or when the next is due. */
  get sent(): number {
    return this.highest;
  }

  get received(): number {
    return this.answered.size;
  }

  /** Requests below the highest answered one that have no answer. */
  get unanswered(): number {
    return this.highest - this.answered.size;
  }

  /** Requests sent before the last answered one that were never answered themselves. */
  get lostBeforeLastAnswer(): number {
    return this.answers.reduce((last, { sequence }) => Math.max(last, sequence), 0) - this.answered.size;
  }

  /** Round-trip time of the last answer in ms. */
  get lastRoundTripMs(): number | undefined {
    const last = this.answers.at(-1);
    return last && (last.receivedAt - last.sentAt) * 1000;
  }

  /** What happened from `from` until `to`, both in seconds since the epoch. */
  window(from: number, to: number): PingWindow {
    const lost = this.lostTimes().filter((time) => time >= from && time < to).length;
    const answeredOnce = this.answers.filter(({ sentAt }) => sentAt >= from && sentAt < to).length;
    return {
      sent: answeredOnce + lost,
      lost,
      duplicated: this.duplicateTimes.filter((time) => time >= from && time < to).length,
      silenceMs: this.longestSilence(from, to) * 1000,
    };
  }

  /**
   * Longest time without an answer that overlaps the window; an answer that is still out at its end counts
   * as silence until then.
   */
  private longestSilence(from: number, to: number): number {
    let longest = 0;
    let previous = from;
    for (const { receivedAt } of this.answers) {
      if (receivedAt < from) {
        previous = receivedAt;
        continue;
      }
      longest = Math.max(longest, Math.min(receivedAt, to) - previous);
      if (receivedAt >= to) return longest;
      previous = receivedAt;
    }
    return Math.max(longest, to - previous);
  }

  /**
   * When each lost request was sent, in seconds since the epoch; estimated from its neighbours, since ping does not
   * say.
   */
  lostTimes(): number[] {
    const times: number[] = [];
    const inOrder = [...this.answers].sort((a, b) => a.sequence - b.sequence);
    for (let i = 1; i < inOrder.length; i++) {
      const [before, after] = [inOrder[i - 1], inOrder[i]];
      const step = (after.sentAt - before.sentAt) / (after.sequence - before.sequence);
      for (let lost = before.sequence + 1; lost < after.sequence; lost++) {
        times.push(before.sentAt + step * (lost - before.sequence));
      }
    }
    // After the last answer there is no second neighbour: extrapolate from it at the pace of the whole run.
    const [first, last] = [inOrder[0], inOrder.at(-1)];
    if (first && last && last.sequence > first.sequence) {
      const step = (last.sentAt - first.sentAt) / (last.sequence - first.sequence);
      for (let lost = last.sequence + 1; lost <= this.highest; lost++) {
        times.push(last.sentAt + step * (lost - last.sequence));
      }
    }
    return times;
  }

  /** The number of a request with the wraps of its 16 bits undone: the one nearest to the highest seen. */
  private unwrap(sequence: number): number {
    const round = Math.round((this.highest - sequence) / SEQUENCES);
    const number = Math.max(sequence, sequence + round * SEQUENCES);
    this.highest = Math.max(this.highest, number);
    return number;
  }
}
