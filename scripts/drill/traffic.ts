/** What the two hosts of a drill send to each other: a ping, and a numbered stream. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../lab/lab.js';
import { lanAddress } from '../lab/mesh.js';
import { PingLog, type PingWindow } from '../lab/ping-log.js';
import type { LabProcess } from '../lab/process.js';
import { until } from '../lab/run.js';
import { type StreamReport, type StreamWindow, streamWindow } from '../stream/account.js';
import type { SenderReport } from '../stream/sender.js';
import { FAR, NEAR } from './bed.js';

const STREAM = fileURLToPath(new URL('../stream/program.js', import.meta.url));
const STREAM_PORT = 5301;
const PING_INTERVAL_MS = 1;
const START_PATIENCE_MS = 10_000;
/** Traffic that has not come for this long will not come. */
const ANSWER_PATIENCE_MS = 15_000;

/** What happened to the traffic between two moments; ping and stream together unless stated otherwise. */
export interface TrafficWindow {
  sent: number;
  lost: number;
  duplicated: number;
  /** The longest silence of the ping, and of the stream. */
  pingSilenceMs: number;
  streamSilenceMs: number;
}

/** The ping, whose answers can be counted while it runs. */
class Ping {
  readonly log = new PingLog();
  private readonly lines;
  private readonly process;

  constructor(lab: Lab) {
    const flags = ['-D', '-O', '-n', '-i', String(PING_INTERVAL_MS / 1000), lanAddress(FAR)];
    this.process = lab.start(NEAR, 'ping', flags);
    this.lines = createInterface({ input: this.process.output });
    this.lines.on('line', (line) => this.log.feed(line));
  }

  /** Ends the ping once its last output has been read. */
  async stop(): Promise<void> {
    const read = once(this.lines, 'close');
    await this.process.stop('SIGINT');
    await read;
  }
}

/** One end of the stream, whose output is read when it ends. */
class StreamEnd {
  private text = '';
  private readonly ended: Promise<unknown>;

  constructor(private readonly process: LabProcess) {
    process.output.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
    this.ended = once(process.output, 'close');
  }

  async report<T>(signal?: NodeJS.Signals): Promise<T> {
    if (signal) this.process.signal(signal);
    await this.ended;
    if (this.text === '') throw new Error(`\`${this.process.command}\` said nothing`);
    return JSON.parse(this.text) as T;
  }
}

export class Traffic {
  private readonly ping: Ping;
  private readonly receiver: StreamEnd;
  private readonly sender: StreamEnd;

  private constructor(lab: Lab, receiver: LabProcess, rate: number) {
    this.receiver = new StreamEnd(receiver);
    this.ping = new Ping(lab);
    const to = ['--to', lanAddress(FAR), '--port', String(STREAM_PORT), '--rate', String(rate)];
    this.sender = new StreamEnd(lab.start(NEAR, process.execPath, [STREAM, 'send', ...to, '--json']));
  }

  /** Starts both, a stream of `rate` datagrams per second from the near end to the far end. */
  static async start(lab: Lab, rate: number): Promise<Traffic> {
    const listen = ['receive', '--port', String(STREAM_PORT), '--json'];
    const receiver = lab.start(FAR, process.execPath, [STREAM, ...listen]);
    await until('the receiver of the stream to listen', () => listens(lab), START_PATIENCE_MS);
    return new Traffic(lab, receiver, rate);
  }

  /** Resolves after `count` more answers to the ping: traffic flows, however slow the machine is. */
  async answers(count: number): Promise<void> {
    const { log } = this.ping;
    const goal = log.received + count;
    await until('the ping to be answered', () => log.received >= goal, ANSWER_PATIENCE_MS, 5);
  }

  /** Ends both; what happened in each of `windows`, which are in ms since the epoch. */
  async stop(windows: [number, number][]): Promise<{ windows: TrafficWindow[]; sender: SenderReport }> {
    await this.ping.stop();
    const sender = await this.sender.report<SenderReport>('SIGINT');
    const stream = await this.receiver.report<StreamReport>();
    return { windows: windows.map((window) => joined(this.ping.log, stream, ...window)), sender };
  }
}

function joined(log: PingLog, stream: StreamReport, from: number, to: number): TrafficWindow {
  const ping: PingWindow = log.window(from / 1000, to / 1000);
  const numbered: StreamWindow = streamWindow(stream, from, to);
  return {
    sent: ping.sent + numbered.sent,
    lost: ping.lost + numbered.lost,
    duplicated: ping.duplicated + numbered.duplicated,
    pingSilenceMs: ping.silenceMs,
    streamSilenceMs: numbered.silenceMs,
  };
}

async function listens(lab: Lab): Promise<boolean> {
  const port = STREAM_PORT.toString(16).toUpperCase().padStart(4, '0');
  return (await lab.run(FAR, 'cat', ['/proc/net/udp'])).includes(`:${port} `);
}
