/** A ping that runs while something happens to the links, and what was lost of it. */
import { createInterface } from 'node:readline';
import type { Lab } from '../../scripts/lab/lab.js';
import { PingLog } from '../../scripts/lab/ping-log.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import { until } from '../../scripts/lab/run.js';

const PATIENCE_MS = 15_000;

export class Flood {
  private readonly log = new PingLog();

  private constructor(private readonly ping: LabProcess) {
    createInterface({ input: ping.output }).on('line', (line) => this.log.feed(line));
  }

  /** Starts a ping with an interval in ms and waits for its first answers. */
  static async start(lab: Lab, host: number, target: string, intervalMs = 5): Promise<Flood> {
    const words = ['-D', '-O', '-n', '-i', String(intervalMs / 1000), target];
    const flood = new Flood(lab.start(host, 'ping', words));
    await flood.more(5);
    return flood;
  }

  /** Waits for that many more answers: by then, what was set in motion before has had its effect. */
  async more(answers: number): Promise<void> {
    const goal = this.log.received + answers;
    await until('the ping to be answered', () => this.log.received >= goal, PATIENCE_MS, 10);
  }

  get received(): number {
    return this.log.received;
  }

  /** Ends the ping and tells what was lost before its last answer, and what came twice. */
  async end(): Promise<{ lost: number; duplicated: number; sent: number }> {
    await this.more(20);
    await this.ping.stop('SIGINT');
    const { duplicated } = this.log.window(0, Number.MAX_SAFE_INTEGER);
    // A request is in flight when the ping is ended; requests after the last answer are not losses.
    const lost = this.log.lostBeforeLastAnswer;
    if (lost > 0) {
      const times = this.log.lostTimes().map((time) => Math.round(time * 1000));
      console.log(`pings lost at ${times.join(' ')} ms since the epoch`);
    }
    return { lost, duplicated, sent: this.log.sent };
  }
}
