/** A lab with daemons and the programs of one row in it, and the cuts of the link in use. */
import { join } from 'node:path';
import { DEATHS, type DeathKind, type Place } from '../lab/deaths.js';
import { CLEAN } from '../lab/impair.js';
import { hostFolder, Lab } from '../lab/lab.js';
import { lanAddress, Mesh } from '../lab/mesh.js';
import type { LabProcess } from '../lab/process.js';
import { ProgramHost } from '../lab/program-host.js';
import { pause, run } from '../lab/run.js';
import type { Row } from './row.js';

const TIMERS = { interval: 50, hold: 250 };
/** The link with the higher priority, which carries everything until it is cut. */
const LINK = 0;
export const CUTS = ['carrier-down', 'black-hole'] as const satisfies DeathKind[];
export type Cut = (typeof CUTS)[number];
/** How long a link stays cut while something is watched, in ms. */
const CUT_MS = 3_000;

export class Bed {
  private readonly started: LabProcess[] = [];

  private constructor(
    readonly lab: Lab,
    readonly mesh: Mesh,
    private readonly hosts: ProgramHost[],
  ) {}

  /** Hosts with daemons, joined by two links each, and the row's packages laid over their file systems. */
  static async make(row: Row, packages: string): Promise<Bed> {
    const lab = await Lab.build({ hosts: row.hosts ?? 2, underlays: [{ family: 4 }, { family: 4 }] });
    try {
      const mesh = await Mesh.start(lab, {
        timers: TIMERS,
        ...(row.interfaceLines && { interfaceLines: row.interfaceLines }),
        ...(row.edit && { edit: row.edit }),
      });
      await mesh.waitUp(true);
      const bed = new Bed(lab, mesh, []);
      for (const { index, name, namespace } of lab.hosts)
        bed.hosts.push(await bed.enter(namespace, name, packages, hostFolder(lab, index)));
      return bed;
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  /** Ends all that was started and takes the lab away. */
  async remove(): Promise<void> {
    await Promise.all(this.started.reverse().map((started) => started.stop('SIGKILL')));
    await this.lab.remove();
  }

  private enter(namespace: string, name: string, packages: string, folder: string): Promise<ProgramHost> {
    return ProgramHost.make(namespace, name, packages, join(folder, 'programs'), (p) => this.started.push(p));
  }

  /** Joins two hosts by a cable of their own, which no cut touches; `device` is its end in both. */
  async cable(a: number, b: number, device: string): Promise<void> {
    const [near, far] = [a, b].map((index) => this.lab.hosts[index - 1].namespace);
    const words = `link add ${device} netns ${near} type veth peer name ${device} netns ${far}`;
    await run('ip', words.split(' '));
    for (const namespace of [near, far]) await run('ip', ['-n', namespace, 'link', 'set', device, 'up']);
  }

  /** Does `work` while the link in use is cut, and heals it afterwards. */
  async during<T>(cut: Cut, work: () => Promise<T>): Promise<T> {
    const place: Place = { lab: this.lab, link: LINK, near: 1, far: 2, holdMs: TIMERS.hold };
    for (const step of DEATHS[cut].die(place)) await step.arm().fire();
    try {
      return await work();
    } finally {
      for (const step of DEATHS[cut].heal(place)) await step.arm().fire();
      await this.mesh.waitUp(true);
    }
  }

  /** Does `work` once during each kind of cut, and gives what it said. */
  async eachCut<T>(work: (cut: Cut) => Promise<T>): Promise<T[]> {
    const said: T[] = [];
    for (const cut of CUTS) said.push(await this.during(cut, () => work(cut)));
    return said;
  }

  /** Cuts the link in use by each kind of cut for a while; whoever watches counts what happened meanwhile. */
  async cutAll(ms = CUT_MS): Promise<void> {
    await this.eachCut(() => pause(ms));
  }

  /** Cuts every link of all hosts for a while. */
  async split(ms: number): Promise<void> {
    for (const { index } of this.lab.underlays) await this.lab.impair(index, { ...CLEAN, blackHole: true });
    await pause(ms);
    for (const { index } of this.lab.underlays) await this.lab.impair(index, CLEAN);
    await this.mesh.waitUp(true);
  }

  /** The last lines of every program's log. */
  lastWords(): string {
    return this.hosts.map((host, i) => host.lastWords(`h${i + 1}`)).join('\n');
  }

  host(index: number): ProgramHost {
    return this.hosts[index - 1];
  }

  address(host: number): string {
    return lanAddress(host);
  }
}
