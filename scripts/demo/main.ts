/**
 * The failover demonstration: a full mesh over many links, a flood ping, and links cut one after another
 * until one is left. See `verdict.ts` for what is claimed.
 */
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LinkStatus } from '../../src/api/index.js';
import type { ControlConnection } from '../lab/control.js';
import { Lab } from '../lab/lab.js';
import { lanAddress, Mesh } from '../lab/mesh.js';
import { removeKeptLabs } from '../lab/namespaces.js';
import { PingLog } from '../lab/ping-log.js';
import type { LabProcess } from '../lab/process.js';
import { pause } from '../lab/run.js';
import { apply, type Cut, describeCut, FAR, NEAR, planCuts, restore } from './cuts.js';
import { type DemoOptions, parseOptions } from './options.js';
import { type DemoView, drawResult, drawView } from './picture.js';
import { Recording } from './recording.js';
import { openScreen, type Screen } from './screen.js';
import { type CutResult, claims, type DemoResult } from './verdict.js';

export { HELP } from './options.js';

const USAGE_ERROR = 64;
const TIMERS = { interval: 10, hold: 30 };
const PINGS_PER_SECOND = 1000;
const UNDISTURBED_MS = 2_000;
/** How long requests sent at the very end may take to be answered. */
const LAST_ANSWERS_MS = 500;
const FRAME_MS = 100;
const RESTORE_PATIENCE_SECONDS = 15;

/** Seconds since the epoch, as ping prints them. */
function clock(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}

class Demo {
  private readonly cuts: Cut[];
  private readonly standing = new Map<number, Cut>();
  private readonly results: CutResult[] = [];
  /** From each cut until the next one, in seconds since the epoch. */
  private readonly windows: [number, number][] = [];
  private readonly log = new PingLog();
  private readonly recording = new Recording();
  private readonly startedAt = clock();
  private statuses: LinkStatus[] = [];
  private now = 'building the lab';

  constructor(
    private readonly options: DemoOptions,
    private readonly lab: Lab,
    private readonly screen: Screen,
  ) {
    this.cuts = planCuts(options.links);
  }

  async run(): Promise<DemoResult> {
    this.say(`starting ${this.options.hosts} daemons`);
    const mesh = await Mesh.start(this.lab, { timers: TIMERS });
    const control = await mesh.control(NEAR);
    const picture = setInterval(() => this.refresh(control), FRAME_MS);
    try {
      this.say('waiting for every link of every pair');
      await mesh.waitUp(true);
      return await this.cutAndRestore(control);
    } finally {
      clearInterval(picture);
      control.close();
    }
  }

  /** Writes the recording; to be called once there is a result. */
  writeRecording(file: string, result: DemoResult): void {
    writeFileSync(file, this.recording.svg(this.elapsed(), drawResult(result)));
  }

  private async cutAndRestore(control: ControlConnection): Promise<DemoResult> {
    const ping = this.startPing();
    this.say('undisturbed');
    const undisturbedFrom = clock() + 0.2;
    await pause(UNDISTURBED_MS);
    const undisturbedUntil = clock();
    for (const cut of this.cuts) await this.cutOne(cut);
    const restoringFrom = clock();
    const restored = await this.restoreAll(control);
    await pause(this.options.dwellMs);
    const end = clock();
    await pause(LAST_ANSWERS_MS);
    await ping.stop('SIGINT');
    // What was still in flight at the end of a window has been answered by now.
    const cuts = this.results.map((result, i) => ({ ...result, ...this.log.window(...this.windows[i]) }));
    return {
      hosts: this.options.hosts,
      links: this.options.links,
      timers: TIMERS,
      pingsPerSecond: PINGS_PER_SECOND,
      undisturbed: this.log.window(undisturbedFrom, undisturbedUntil),
      cuts,
      restoring: this.log.window(restoringFrom, end),
      restored,
      total: this.total(undisturbedFrom, end),
    };
  }

  private startPing(): LabProcess {
    const flags = ['-D', '-O', '-n', '-i', String(1 / PINGS_PER_SECOND), lanAddress(FAR)];
    const ping = this.lab.start(NEAR, 'ping', flags);
    createInterface({ input: ping.output }).on('line', (line) => this.log.feed(line));
    return ping;
  }

  private async cutOne(cut: Cut): Promise<void> {
    this.say(`cut ${cut.link + 1} of ${this.cuts.length}: link ${cut.link}, ${describeCut(cut)}`);
    const from = clock();
    this.standing.set(cut.link, cut);
    await apply(this.lab, cut);
    await pause(this.options.dwellMs);
    const nextLink = this.statuses.find((status) => status.active)?.link ?? null;
    const window: [number, number] = [from, clock()];
    const result = { ...cut, ...this.log.window(...window), nextLink };
    this.windows.push(window);
    this.results.push(result);
    this.screen.log(`  outage ${result.silenceMs.toFixed(1)} ms, ${result.lost} lost`);
  }

  /** Restores every link and waits for each; false when one stayed down. */
  private async restoreAll(control: ControlConnection): Promise<boolean> {
    this.say('restoring every link');
    for (const cut of this.cuts) {
      await restore(this.lab, cut);
      this.standing.delete(cut.link);
    }
    const waits = this.cuts.map(({ link }) =>
      control.call('wait', { peer: `h${FAR}`, link, state: 'up', timeoutS: RESTORE_PATIENCE_SECONDS }),
    );
    const outcomes = await Promise.allSettled(waits);
    return outcomes.every((outcome) => outcome.status === 'fulfilled');
  }

  private total(from: number, to: number): DemoResult['total'] {
    const { sent, lost, duplicated } = this.log.window(from, to);
    return { sent, received: sent - lost, lost, duplicated };
  }

  private elapsed(): number {
    return clock() - this.startedAt;
  }

  private say(text: string): void {
    this.now = text;
    this.screen.log(`${this.elapsed().toFixed(1).padStart(5)} s  ${text}`);
  }

  /** Asks the near end's daemon for its links and draws them; if that fails, the last answer stays. */
  private async refresh(control: ControlConnection): Promise<void> {
    this.statuses = await control.call('show.links', { peer: `h${FAR}` }).catch(() => this.statuses);
    const lines = drawView(this.view());
    this.recording.add(this.elapsed(), lines);
    this.screen.draw(lines);
  }

  private view(): DemoView {
    const { sent, received, unanswered, lastRoundTripMs } = this.log;
    return {
      hosts: this.options.hosts,
      links: this.lab.underlays.map((underlay, id) => ({
        id,
        family: `IPv${underlay.family}`,
        underlay: underlay.name,
        cut: this.standing.get(id),
        status: this.statuses.find((status) => status.link === id),
      })),
      elapsedSeconds: this.elapsed(),
      now: this.now,
      ping: { sent, received, unanswered, roundTripMs: lastRoundTripMs },
      results: this.results,
    };
  }
}

/** How to use a lab that was left standing. */
function keepLines(lab: Lab): string[] {
  const [near] = lab.hosts;
  return [
    '',
    'The lab is still there.',
    `  a shell in h1:       ip netns exec ${near.namespace} bash`,
    `  the CLI of h1:       bin/octolink -s ${lab.folder}/h1/control.sock`,
    `  cut a link at h1:    ip -n ${near.namespace} link set u1 down`,
    '  remove everything:   npm run demo -- --remove',
  ];
}

async function runDemo(options: DemoOptions): Promise<number> {
  const screen = openScreen(process.stdout, options.json);
  const underlays = Array.from(
    { length: options.links },
    (_, i) => ({ family: i % 2 === 0 ? 4 : 6 }) as const,
  );
  const lab = await Lab.build({ hosts: options.hosts, underlays });
  try {
    const demo = new Demo(options, lab, screen);
    const result = await demo.run();
    const verdict = claims(result);
    screen.close(drawResult(result));
    if (options.svg) demo.writeRecording(options.svg, result);
    if (options.json) console.log(JSON.stringify({ ...result, claims: verdict }, null, 2));
    if (options.keep) {
      lab.keep();
      process.stderr.write(`${keepLines(lab).join('\n')}\n`);
    }
    return verdict.every(({ held }) => held) ? 0 : 1;
  } finally {
    if (!options.keep) await lab.remove();
  }
}

/** Runs the demo with the arguments of its command line; returns the exit status. */
export async function main(args: string[]): Promise<number> {
  let options: DemoOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return USAGE_ERROR;
  }
  if (options.remove) {
    const removed = removeKeptLabs().length;
    console.log(removed === 0 ? 'no lab was left' : `removed ${removed} lab${removed === 1 ? '' : 's'}`);
    return 0;
  }
  return runDemo(options).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    return 1;
  });
}
