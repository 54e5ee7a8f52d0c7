/** `npm run bench -- --cuts N`: one link cut after another under a ping, and how long each cut is felt. */
import { once } from 'node:events';
import { clearLine, createInterface, cursorTo } from 'node:readline';
import { apply, type Cut, type CutKind, describeCut, FAR, NEAR, restore } from '../scripts/demo/cuts.js';
import type { ControlConnection } from '../scripts/lab/control.js';
import { Lab } from '../scripts/lab/lab.js';
import { lanAddress, Mesh } from '../scripts/lab/mesh.js';
import { PingLog, type PingWindow } from '../scripts/lab/ping-log.js';

const TIMERS = { interval: 10, hold: 30 };
const PING_INTERVAL_MS = 2;
/** Answers seen before the first cut, and between a restored link and the next cut. */
const UNDISTURBED_ANSWERS = 500;
const SETTLED_ANSWERS = 10;
const WAIT_SECONDS = 20;
const HOSTS = [NEAR, FAR];

export interface CutsOptions {
  cuts: number;
  kind: CutKind;
  links: number;
}

/** What a worker thread says of its own punctuality: how late timers fired while links were cut. */
export interface Lateness {
  host: string;
  scheduling: string;
  /** Null when it was never late. */
  maxUs: number | null;
}

export interface CutsResult extends CutsOptions {
  timers: typeof TIMERS;
  pingIntervalMs: number;
  /** Before the first cut: what the machine does by itself. */
  undisturbed: PingWindow;
  /** From each cut until the next one, the link's return included. */
  samples: (PingWindow & { link: number })[];
  lateness: Lateness[];
}

/** The ping between the two hosts, its answers countable while it runs. */
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

  /** Resolves after `count` more answers: traffic flows, however slow the machine is. */
  async answers(count: number): Promise<void> {
    const goal = this.log.received + count;
    while (this.log.received < goal) await once(this.lines, 'line');
  }

  /** Ends the ping once its last words are read. */
  async stop(): Promise<void> {
    const read = once(this.lines, 'close');
    await this.process.stop('SIGINT');
    await read;
  }
}

/** Seconds since the epoch, as ping prints them. */
function clock(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}

/** Builds a lab of two hosts and cuts the link in use, again and again. */
export async function measureCuts(options: CutsOptions): Promise<CutsResult> {
  const underlays = Array.from(
    { length: options.links },
    (_, i) => ({ family: i % 2 === 0 ? 4 : 6 }) as const,
  );
  const lab = await Lab.build({ hosts: 2, underlays });
  try {
    const mesh = await Mesh.start(lab, { timers: TIMERS, samePriority: true });
    await mesh.waitUp(true);
    const controls = await Promise.all(HOSTS.map((host) => mesh.control(host)));
    try {
      return await cutAll(options, lab, controls);
    } finally {
      for (const control of controls) control.close();
    }
  } finally {
    await lab.remove();
  }
}

async function cutAll(options: CutsOptions, lab: Lab, controls: ControlConnection[]): Promise<CutsResult> {
  const ping = new Ping(lab);
  await ping.answers(SETTLED_ANSWERS);
  const starts = [{ link: -1, at: clock() }];
  await ping.answers(UNDISTURBED_ANSWERS);
  for (const control of controls) await control.call('clear.counters', {});
  for (let done = 0; done < options.cuts; done++) {
    const cut = { link: await linkInUse(controls[0]), kind: options.kind };
    starts.push({ link: cut.link, at: clock() });
    await cutAndRestore(lab, controls, cut, ping);
    progress(`cut ${done + 1} of ${options.cuts}: link ${cut.link}, ${describeCut(cut)}`);
  }
  const end = clock();
  const lateness = await Promise.all(controls.map(latenessOf));
  await ping.stop();
  const windows = starts.map(({ link, at }, i) => ({
    link,
    ...ping.log.window(at, starts[i + 1]?.at ?? end),
  }));
  const [{ link: _, ...undisturbed }, ...samples] = windows;
  return { ...options, timers: TIMERS, pingIntervalMs: PING_INTERVAL_MS, undisturbed, samples, lateness };
}

async function cutAndRestore(lab: Lab, controls: ControlConnection[], cut: Cut, ping: Ping): Promise<void> {
  const bothEnds = (state: 'up' | 'down') =>
    Promise.all(
      controls.map((control, i) =>
        control.call('wait', { peer: peerOf(i), link: cut.link, state, timeoutS: WAIT_SECONDS }),
      ),
    );
  await apply(lab, cut);
  await bothEnds('down');
  await ping.answers(SETTLED_ANSWERS);
  await restore(lab, cut);
  await bothEnds('up');
  await ping.answers(SETTLED_ANSWERS);
}

/** The name that the other host has at the host of this place in the list. */
function peerOf(place: number): string {
  return `h${HOSTS[1 - place]}`;
}

async function linkInUse(control: ControlConnection): Promise<number> {
  const { activeLinks } = await control.call('show.peer', { peer: `h${FAR}` });
  return activeLinks[0];
}

async function latenessOf(control: ControlConnection, place: number): Promise<Lateness> {
  const [worker] = (await control.call('show.system', {})).workers;
  return { host: `h${HOSTS[place]}`, scheduling: worker.scheduling, maxUs: worker.latenessMaxUs };
}

/** Shows what happens now on the terminal's last line; nothing where there is no terminal. */
function progress(text: string): void {
  if (!process.stderr.isTTY) return;
  cursorTo(process.stderr, 0);
  process.stderr.write(text);
  clearLine(process.stderr, 1);
}
