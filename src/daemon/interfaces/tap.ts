/** The TAP device: opened by the addon, set up with iproute2, and left alone where it is right already. */
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import type {
  DeviceState,
  Native,
  NativeError,
  TapHandle,
  TapOffloads,
  TapOptions,
} from '../../native/binding.js';
import { lackingAddresses } from './addresses.js';
import { IpError, ipBatch } from './iproute.js';
import { workerCount } from './worker-count.js';

/** Room for a few super-frames in the TAP's queue towards the kernel; the kernel's 212 KB hold three. */
const TAP_SEND_BUFFER = 4 << 20;
const TAP_QUEUE_FRAMES = 1000;
/** Alias by which a daemon knows a persistent TAP as one of its own. */
const OWN_ALIAS = 'octolink';
const GONE =
  'the TAP was renamed, deleted or moved to another network namespace: "shutdown" and "no shutdown" make a new one';

export class Tap {
  /** What the system does not let us set, one sentence each. */
  missing: string[] = [];
  /** What the kernel granted. */
  granted: TapOffloads;
  private persists = false;

  private constructor(
    private readonly native: Native,
    private readonly handle: TapHandle,
    /** Descriptors of its queues. */
    private readonly queues: number[],
    /** A daemon made it: it has the MAC address of the key, and goes unless it is to persist. */
    private readonly own: boolean,
    /** MAC address. */
    public mac: string,
    /** As it was found, until it is set up for the first time. */
    private found: DeviceState | null,
  ) {
    this.granted = handle.granted;
  }

  /** Opens a TAP, or makes it. Throws a plain sentence. */
  static open(native: Native, config: InterfaceConfig): Tap {
    const handle = openDevice(native, config);
    return Tap.of(native, handle, [handle.fd], config.name);
  }

  /**
   * Takes a TAP of an earlier daemon by the descriptors of its queues, one at least, which are closed when that fails. Throws a
   * plain sentence.
   */
  static adopt(native: Native, config: InterfaceConfig, queues: readonly number[]): Tap {
    const handles: TapHandle[] = [];
    try {
      for (const fd of queues) handles.push(native.tapAdopt(fd, optionsOf(config)));
    } catch (error) {
      // The one that was refused is closed already.
      for (const fd of queues.toSpliced(handles.length, 1)) native.close(fd);
      throw new Error(`interface ${config.name}: ${(error as Error).message}`);
    }
    return Tap.of(native, handles[0], [...queues], config.name);
  }

  private static of(native: Native, handle: TapHandle, queues: number[], name: string): Tap {
    try {
      const found = native.deviceState(name);
      const isOwn = !handle.existed || found.alias === OWN_ALIAS;
      return new Tap(native, handle, queues, isOwn, found.mac, found);
    } catch (error) {
      for (const fd of queues) native.close(fd);
      throw new Error(`interface ${name}: ${(error as Error).message}`);
    }
  }

  /** Descriptors of its queues, one at least. */
  get fds(): readonly number[] {
    return this.queues;
  }

  get ifindex(): number {
    return this.handle.ifindex;
  }

  /** Why it has no queue for each of the workers that a configuration names; null when it has, or none are named. */
  lackOfQueues(config: InterfaceConfig): string | null {
    const { workers } = effectiveInterface(config);
    const { length } = this.queues;
    if (workers === 'auto' || length >= workers) return null;
    const why = this.handle.multiQueue ? 'the kernel gives no more' : 'it was made for one worker';
    return `the TAP has ${length} of ${workers} queues: ${why}`;
  }

  /** Whether the device that was opened is still there under its name. */
  isThere(name: string): boolean {
    try {
      return this.native.ifindex(name) === this.ifindex;
    } catch {
      return false;
    }
  }

  /**
   * Makes it what a configuration wants; `before` is the previous one, `ownMac` the address of a TAP that none is
   * configured for. What is right already is not set. Throws a plain sentence when the kernel refuses a value.
   */
  async setUp(before: InterfaceConfig | null, after: InterfaceConfig, ownMac: string): Promise<void> {
    this.addQueues(after);
    if (before !== null && shapeOf(before) === shapeOf(after)) return;
    const mac =
      before !== null && before.mac === after.mac ? null : (after.mac ?? (this.own ? ownMac : null));
    try {
      this.granted = this.native.tapOffloads(this.handle.fd, wantedOffloads(after));
      if (mac !== null) this.setMac(mac);
      const state = this.found ?? this.native.deviceState(after.name);
      this.found = null;
      await this.carryOut(commandsFor(state, before, after, this.own));
      this.persists = this.own && effectiveInterface(after).persist;
      if (this.own) this.native.tapPersist(this.handle.fd, this.persists);
    } catch (error) {
      const reason = this.isThere(after.name) ? (error as Error).message : GONE;
      throw new Error(`interface ${after.name}: ${reason}`);
    }
  }

  /** Lets go of it. One that persists keeps no offloads, which the program that opens it next may know nothing of. */
  close(): void {
    if (this.persists) this.withoutOffloads();
    for (const fd of this.queues) this.native.close(fd);
  }

  /**
   * Gives it a queue for each worker, as far as the kernel does. It keeps those that it has: what waits in one that is closed is
   * lost.
   */
  private addQueues(config: InterfaceConfig): void {
    if (!this.handle.multiQueue) return;
    const wanted = workerCount(effectiveInterface(config).workers);
    try {
      while (this.queues.length < wanted)
        this.queues.push(this.native.tapAddQueue(config.name, this.ifindex));
    } catch {
      // With fewer all goes on; `lackOfQueues` says so.
    }
  }

  private withoutOffloads(): void {
    try {
      this.native.tapOffloads(this.handle.fd, { checksum: false, tso: false, uso: false, tunnel: false });
    } catch {
      // Somebody has removed the device.
    }
  }

  private setMac(mac: string): void {
    this.native.tapAddress(this.handle.fd, Buffer.from(mac.replaceAll(':', ''), 'hex'));
    this.mac = mac;
  }

  /** A TAP of somebody else may be used without the right to change it. */
  private async carryOut(commands: readonly string[]): Promise<void> {
    this.missing = [];
    if (commands.length === 0) return;
    try {
      await ipBatch(commands);
    } catch (error) {
      if (this.own || !(error instanceof IpError) || !error.isForbidden) throw error;
      this.missing = commands.map((command) => `not permitted: ip ${command}`);
    }
  }
}

function openDevice(native: Native, config: InterfaceConfig): TapHandle {
  try {
    return native.tapOpen(optionsOf(config));
  } catch (error) {
    throw new Error(`interface ${config.name}: ${reasonOf(error as NativeError, config.name)}`);
  }
}

function optionsOf(config: InterfaceConfig): TapOptions {
  const multiQueue = workerCount(effectiveInterface(config).workers) > 1;
  return { name: config.name, sendBuffer: TAP_SEND_BUFFER, multiQueue, ...wantedOffloads(config) };
}

/** The offloads that are not forced off. */
function wantedOffloads({ disabledOffloads }: InterfaceConfig): TapOffloads {
  const off = new Set(disabledOffloads);
  const checksum = !off.has('tap-checksum');
  const tso = checksum && !off.has('tap-tso');
  const uso = checksum && !off.has('tap-uso');
  return { checksum, tso, uso, tunnel: tso && uso && !off.has('tap-tunnel') };
}

function reasonOf(error: NativeError, name: string): string {
  switch (error.code) {
    case 'EBUSY':
    case 'EEXIST':
      return `the name ${name} is already taken by another device or daemon; choose another name`;
    case 'EPERM':
    case 'EACCES':
      return `making a TAP needs root or CAP_NET_ADMIN; "ip tuntap add ${name} mode tap user NAME" lets a user have one`;
    case 'ENOENT':
    case 'ENODEV':
      return '/dev/net/tun is missing: load the tun module ("modprobe tun") or give the container the device';
    default:
      return error.message;
  }
}

/** Everything about a configuration that the TAP shows. */
function shapeOf(config: InterfaceConfig): string {
  const { mtu, persist } = effectiveInterface(config);
  return JSON.stringify([config.mac, mtu, persist, config.addresses, config.disabledOffloads]);
}

/** The `ip` commands that are needed; addresses that no configuration of ours named are left alone. */
function commandsFor(
  state: DeviceState,
  before: InterfaceConfig | null,
  after: InterfaceConfig,
  own: boolean,
): string[] {
  const device = `dev ${after.name}`;
  const { mtu, persist } = effectiveInterface(after);
  const alias = persist ? OWN_ALIAS : '';
  const missing = lackingAddresses(after.addresses, state.addresses);
  const dropped = lackingAddresses(before?.addresses ?? [], after.addresses);
  const absent = new Set(lackingAddresses(dropped, state.addresses));
  return [
    ...(own && state.queueFrames !== TAP_QUEUE_FRAMES
      ? [`link set ${device} txqueuelen ${TAP_QUEUE_FRAMES}`]
      : []),
    ...(own && state.alias !== alias ? [`link set ${device} alias ${alias || '""'}`] : []),
    ...(state.mtu === mtu ? [] : [`link set ${device} mtu ${mtu}`]),
    ...dropped.filter((address) => !absent.has(address)).map((address) => `address del ${address} ${device}`),
    ...missing.map(
      (address) => `address replace ${address} ${device}${address.includes(':') ? ' nodad' : ''}`,
    ),
    ...(state.isUp ? [] : [`link set ${device} up`]),
  ];
}
