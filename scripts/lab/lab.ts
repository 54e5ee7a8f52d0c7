/**
 * Hosts and underlay networks in network namespaces on this machine. A lab removes everything it made when
 * it is told to, when its owner's process exits, and on SIGINT, SIGTERM and SIGHUP.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut } from './armed.js';
import { type Impairment, impair, rateOrder, setSegmentation } from './impair.js';
import { keepMarker, labFolder, namespacesOf, removeLab, removeStaleLabs } from './namespaces.js';
import {
  type Attachment,
  cableBatch,
  type HostPlan,
  hostBatch,
  type LabPlan,
  type LabSpec,
  namespaceBatch,
  planLab,
  type UnderlayPlan,
  underlayBatch,
} from './plan.js';
import { LabProcess, type StartOptions } from './process.js';
import { run, until } from './run.js';

const CARRIER_PATIENCE_MS = 10_000;
const UNDERLAY_SETTINGS = ['net.ipv6.conf.default.disable_ipv6=1'];
const HOST_SETTINGS = [
  // An interface that comes back gets its IPv6 address again, as on a real host.
  'net.ipv6.conf.all.keep_addr_on_down=1',
  'net.ipv6.conf.default.accept_dad=0',
];
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export class Lab {
  private static standing: Lab | undefined;

  readonly plan: LabPlan;
  /** For configurations, sockets and logs; removed with the lab. */
  readonly folder: string;
  private readonly processes: LabProcess[] = [];
  private readonly onExit = () => this.tearDown();
  private readonly onSignal = (signal: keyof typeof SIGNALS) => {
    this.tearDown();
    process.exit(128 + SIGNALS[signal]);
  };

  private constructor(
    spec: LabSpec,
    private readonly pid: number,
  ) {
    this.plan = planLab(spec, pid);
    this.folder = labFolder(pid);
  }

  /**
   * Builds a lab; a process has at most one at a time, because names carry the process id.
   * @throws CommandError when the kernel refuses a part; what was made is removed first.
   */
  static async build(spec: LabSpec): Promise<Lab> {
    if (Lab.standing) throw new Error('this process already has a lab');
    removeStaleLabs();
    const lab = new Lab(spec, process.pid);
    Lab.standing = lab;
    process.on('exit', lab.onExit);
    for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.on(signal, lab.onSignal);
    try {
      await lab.make();
    } catch (error) {
      await lab.remove();
      throw error;
    }
    return lab;
  }

  /** The programs that run in its hosts now, in the order of their starts. */
  get programs(): LabProcess[] {
    return this.processes.filter(({ running }) => running);
  }

  get hosts(): HostPlan[] {
    return this.plan.hosts;
  }

  get underlays(): UnderlayPlan[] {
    return this.plan.underlays;
  }

  /** The end of `underlay` at `host`, both by their index from 1. */
  attachment(host: number, underlay: number): Attachment {
    const found = this.plan.attachments.find((a) => a.host.index === host && a.underlay.index === underlay);
    if (!found) throw new Error(`host ${host} is not attached to underlay ${underlay}`);
    return found;
  }

  /** Every end of an underlay. */
  ends(underlay: number): Attachment[] {
    return this.plan.attachments.filter((attachment) => attachment.underlay.index === underlay);
  }

  /** Takes a host's underlay device down or up, as an operator would. */
  async setDevice(host: number, underlay: number, state: 'up' | 'down'): Promise<void> {
    const end = this.attachment(host, underlay);
    await run('ip', ['-n', end.host.namespace, 'link', 'set', end.device, state]);
  }

  /** Drops packets in the middle of an underlay; see {@link Impairment}. */
  async impair(underlay: number, impairment: Impairment): Promise<void> {
    await impair(this.plan.underlays[underlay - 1], this.ends(underlay), impairment);
  }

  /** Limits every end of an underlay to `mbit` per second. */
  async limitRate(underlay: number, mbit: number): Promise<void> {
    for (const end of this.ends(underlay)) await carryOut(rateOrder(end, mbit));
  }

  /** Turns segmentation offload on every end of an underlay on or off. */
  async setSegmentation(underlay: number, state: 'on' | 'off'): Promise<void> {
    await setSegmentation(this.ends(underlay), state);
  }

  /** Runs a program in a host to its end and returns its standard output. */
  run(host: number, command: string, args: string[], timeoutMs?: number): Promise<string> {
    const inside = ['netns', 'exec', this.plan.hosts[host - 1].namespace, command, ...args];
    return run('ip', inside, timeoutMs === undefined ? {} : { timeoutMs });
  }

  /** Starts a program in a host; the lab ends it when it is removed. */
  start(host: number, command: string, args: string[], options: StartOptions = {}): LabProcess {
    const started = LabProcess.start(this.plan.hosts[host - 1].namespace, command, args, options);
    this.processes.push(started);
    return started;
  }

  /** Starts a program in the namespace of an underlay's bridge. */
  startAtUnderlay(underlay: number, command: string, args: string[]): LabProcess {
    const started = LabProcess.start(this.bridgeNamespace(underlay), command, args, { input: true });
    this.processes.push(started);
    return started;
  }

  /** Gives an underlay's bridge an address, so that programs next to it can be reached. */
  async giveBridgeAddress(underlay: number, address: string): Promise<void> {
    const family = this.underlays[underlay - 1].family;
    if (family === 6) await set(this.bridgeNamespace(underlay), ['net.ipv6.conf.br0.disable_ipv6=0']);
    const line = `addr add ${address}/${family === 4 ? 24 : '64 nodad'} dev br0`.split(' ');
    await run('ip', ['-n', this.bridgeNamespace(underlay), ...line]);
  }

  private bridgeNamespace(underlay: number): string {
    const { namespace } = this.underlays[underlay - 1];
    if (namespace === undefined) throw new Error(`underlay ${underlay} is a cable without a bridge`);
    return namespace;
  }

  /** Ends every program in order, then removes the namespaces and the folder. */
  async remove(): Promise<void> {
    await Promise.all(this.processes.map((started) => started.stop()));
    this.tearDown();
    this.forget();
  }

  /** Keeps the lab and its programs after this process has ended. */
  keep(): void {
    writeFileSync(keepMarker(this.pid), 'left standing on purpose; `npm run demo -- --remove` removes it\n');
    for (const started of this.processes) started.leave();
    this.forget();
  }

  private async make(): Promise<void> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    await batch(undefined, namespaceBatch(this.plan));
    for (const underlay of this.plan.underlays) {
      if (underlay.namespace !== undefined) await set(underlay.namespace, UNDERLAY_SETTINGS);
    }
    for (const host of this.plan.hosts) await set(host.namespace, HOST_SETTINGS);
    await batch(undefined, cableBatch(this.plan));
    for (const underlay of this.plan.underlays) {
      if (underlay.namespace !== undefined)
        await batch(underlay.namespace, underlayBatch(this.plan, underlay));
    }
    for (const host of this.plan.hosts) await batch(host.namespace, hostBatch(this.plan, host));
    // Until the network stack has heard of the carriers, IPv6 stays silent.
    await until('every cable to have a carrier', () => this.hasCarriers(), CARRIER_PATIENCE_MS);
  }

  private async hasCarriers(): Promise<boolean> {
    for (const host of this.plan.hosts) {
      const links = JSON.parse(
        await run('ip', ['-n', host.namespace, '-json', 'link', 'show', 'type', 'veth']),
      );
      if (links.some((link: { operstate: string }) => link.operstate !== 'UP')) return false;
    }
    return true;
  }

  private tearDown(): void {
    for (const started of this.processes) started.signal('SIGKILL');
    if (namespacesOf(this.pid).length > 0 || this === Lab.standing) removeLab(this.pid);
  }

  private forget(): void {
    process.off('exit', this.onExit);
    for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.off(signal, this.onSignal);
    if (Lab.standing === this) Lab.standing = undefined;
  }
}

/** A path in the lab's folder for a host; creates the host's folder. */
export function hostFolder(lab: Lab, host: number): string {
  const folder = join(lab.folder, lab.plan.hosts[host - 1].name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

async function batch(namespace: string | undefined, batchLines: string[]): Promise<void> {
  const where = namespace === undefined ? [] : ['-n', namespace];
  await run('ip', [...where, '-batch', '-'], { input: `${batchLines.join('\n')}\n` });
}

/** Kernel settings of a namespace; written by a shell, since the lab may lack a `sysctl` program. */
async function set(namespace: string, settings: string[]): Promise<void> {
  const script = settings
    .map((setting) => {
      const [key, value] = setting.split('=');
      return `echo ${value} > /proc/sys/${key.replaceAll('.', '/')}`;
    })
    .join('; ');
  await run('ip', ['netns', 'exec', namespace, 'sh', '-c', script]);
}
