/** The two that are compared, each with the timers it is tried with. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlConnection } from '../lab/control.js';
import { hostFolder, type Lab } from '../lab/lab.js';
import { Mesh, ROOT } from '../lab/mesh.js';
import { type Unpacked, unpack } from '../lab/packages.js';
import type { LabProcess } from '../lab/process.js';
import { ProgramHost } from '../lab/program-host.js';
import { run, until } from '../lab/run.js';

/** Both get it, so that neither has to cut frames into pieces. */
const MTU = 1_400;
const PATIENCE_MS = 30_000;
const SOURCE = join(ROOT, 'scripts', 'kronosnet', 'knet-tap.c');

/** Two hosts joined by one of the two, over every underlay of the lab. */
export interface Tunnel {
  /** When the near end told that link 0 was down, in ms since the epoch, after `since`; undefined: not yet. */
  downAt(since: number): number | undefined;
  /** Waits until every link is up at both ends. */
  healed(): Promise<void>;
  /** Process ids of the two ends. */
  pids: number[];
  close(): Promise<void>;
}

export interface Contender {
  name: string;
  title: string;
  intervalMs: number;
  holdMs: number;
  start(lab: Lab): Promise<Tunnel>;
}

function octolink(name: string, title: string, intervalMs: number, holdMs: number): Contender {
  return { name, title, intervalMs, holdMs, start: (lab) => startOctolink(lab, intervalMs, holdMs) };
}

async function startOctolink(lab: Lab, interval: number, hold: number): Promise<Tunnel> {
  const mesh = await Mesh.start(lab, { timers: { interval, hold }, mtu: MTU });
  await mesh.waitUp(true);
  const downs: number[] = [];
  const control: ControlConnection = await mesh.control(1);
  await control.listen((event) => {
    if (event.kind === 'link' && event.link === 0 && event.state === 'down') downs.push(Date.now());
  });
  return {
    pids: mesh.hosts.map(({ daemon }) => daemon.pid),
    downAt: (since) => downs.find((at) => at >= since),
    healed: () => mesh.waitUp(true),
    close: async () => control.close(),
  };
}

function libknet(
  name: string,
  title: string,
  intervalMs: number,
  holdMs: number,
  policy: 0 | 1 = 0,
): Contender {
  const start = (lab: Lab) => startKnet(lab, [intervalMs, holdMs, policy]);
  return { name, title, intervalMs, holdMs, start };
}

/** `settings`: interval and timeout in ms, and the policy by its number. */
async function startKnet(lab: Lab, settings: readonly number[]): Promise<Tunnel> {
  const unpacked = await unpack(['libknet1', 'libknet-dev']);
  const program = await compiled(unpacked);
  const ends: ProgramHost[] = [];
  const started: LabProcess[] = [];
  const programs: LabProcess[] = [];
  for (const { index, namespace, name } of lab.hosts) {
    const folder = join(hostFolder(lab, index), 'programs');
    const host = await ProgramHost.make(namespace, name, unpacked.folder, folder, (p) => started.push(p));
    const links = lab.underlays.map((u) =>
      [1, 2].map((i) => lab.attachment(i === 1 ? index : 3 - index, u.index).address),
    );
    const words = [index, 3 - index, ...settings, 'aes256', ...links.flat()];
    programs.push(host.start('knet', `${program} ${words.join(' ')}`));
    await host.holds('the TAP of libknet', 'ip link show octo0');
    await host.sh(`ip link set octo0 mtu ${MTU} up; ip addr add 10.77.0.${index}/24 dev octo0`);
    ends.push(host);
  }
  const isUp = () => ends.every((end) => lab.underlays.every((_, link) => lastState(end, link) === 'up'));
  const allUp = () => until('every link of libknet to be up', isUp, PATIENCE_MS);
  await allUp();
  return {
    pids: await Promise.all(programs.map(({ pid }) => childOf(pid))),
    downAt: (since) => downTold(ends[0], since),
    healed: allUp,
    close: async () => {
      await Promise.all(started.reverse().map((process) => process.stop('SIGKILL')));
    },
  };
}

/** When the log of an end first says that link 0 is down after `since`, both in ms since the epoch. */
function downTold(end: ProgramHost, since: number): number | undefined {
  for (const [, seconds] of end.log('knet').matchAll(/^(\d+\.\d+) .*link: 0 is down/gm)) {
    if (Number(seconds) * 1_000 >= since) return Number(seconds) * 1_000;
  }
  return undefined;
}

/** `up` or `down`, by what the log of an end says last of a link. */
function lastState(end: ProgramHost, link: number): string | undefined {
  return [...end.log('knet').matchAll(new RegExp(`link: ${link} is (up|down)`, 'g'))].at(-1)?.[1];
}

/** The program that `nsenter` has forked. */
async function childOf(pid: number): Promise<number> {
  return Number((await run('cat', [`/proc/${pid}/task/${pid}/children`])).split(' ')[0]);
}

async function compiled({ folder }: Unpacked): Promise<string> {
  const output = join(ROOT, 'build', 'kronosnet', 'knet-tap');
  mkdirSync(join(ROOT, 'build', 'kronosnet'), { recursive: true });
  const usr = join(folder, 'usr');
  const machine = (await run('uname', ['-m'])).trim();
  const flags = ['-O2', '-Wall', `-I${usr}/include`, `-L${usr}/lib/${machine}-linux-gnu`];
  await run('gcc', [...flags, SOURCE, '-o', output, '-lknet']);
  return output;
}

export const CONTENDERS: Contender[] = [
  octolink('octolink', 'Octolink, its own timers', 100, 300),
  octolink('octolink-fast', 'Octolink, fast timers', 10, 30),
  libknet('libknet', 'libknet, its own timers', 1_000, 2_000),
  libknet('libknet-fast', 'libknet, fast timers', 50, 200),
  libknet('libknet-active', 'libknet, fast, policy active', 50, 200, 1),
];
