/** The TAP device: opened by the addon, set up with iproute2, and left alone where it is right already. */
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { DeviceState, Native, NativeError, TapHandle, TapOffloads } from '../../native/binding.js';
import { addressWords } from './addresses.js';
import { IpError, ipBatch } from './iproute.js';

/** Room for a few super-frames in the TAP's queue towards the kernel; the kernel's 212 KB hold three. */
const TAP_SEND_BUFFER = 4 << 20;
const TAP_QUEUE_FRAMES = 1000;
/** Alias by which a daemon knows a persistent TAP as one of its own. */
const OWN_ALIAS = 'octolink';

export class Tap {
  /** What the system does not let us set, one sentence each. */
  missing: string[] = [];
  /** What the kernel granted. */
  granted: TapOffloads;
  private persists = false;

  private constructor(
    private readonly native: Native,
    private readonly handle: TapHandle,
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
    return Tap.of(native, openDevice(native, config), config.name);
  }

  /** Takes a TAP of an earlier daemon by its descriptor, which is closed when that fails. Throws a plain sentence. */
  static adopt(native: Native, config: InterfaceConfig, fd: number): Tap {
    try {
      const options = { name: config.name, sendBuffer: TAP_SEND_BUFFER, ...wantedOffloads(config) };
      return Tap.of(native, native.tapAdopt(fd, options), config.name);
    } catch (error) {
      throw new Error(`interface ${config.name}: ${(error as Error).message}`);
    }
  }

  private static of(native: Native, handle: TapHandle, name: string): Tap {
    try {
      const found = native.deviceState(name);
      const isOwn = !handle.existed || found.alias === OWN_ALIAS;
      return new Tap(native, handle, isOwn, found.mac, found);
    } catch (error) {
      native.close(handle.fd);
      throw new Error(`interface ${name}: ${(error as Error).message}`);
    }
  }

  get fd(): number {
    return this.handle.fd;
  }

  get ifindex(): number {
    return this.handle.ifindex;
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
    if (before !== null && shapeOf(before) === shapeOf(after)) return;
    const mac =
      before !== null && before.mac === after.mac ? null : (after.mac ?? (this.own ? ownMac : null));
    try {
      this.granted = this.native.tapOffloads(this.fd, wantedOffloads(after));
      if (mac !== null) this.setMac(mac);
      const state = this.found ?? this.native.deviceState(after.name);
      this.found = null;
      await this.carryOut(commandsFor(state, before, after, this.own));
      this.persists = this.own && effectiveInterface(after).persist;
      if (this.own) this.native.tapPersist(this.fd, this.persists);
    } catch (error) {
      throw new Error(`interface ${after.name}: ${(error as Error).message}`);
    }
  }

  /** Lets go of it. One that persists keeps no offloads, which the program that opens it next may know nothing of. */
  close(): void {
    if (this.persists) this.withoutOffloads();
    this.native.close(this.fd);
  }

  private withoutOffloads(): void {
    try {
      this.native.tapOffloads(this.fd, { checksum: false, tso: false, uso: false, tunnel: false });
    } catch {
      // Somebody has removed the device.
    }
  }

  private setMac(mac: string): void {
    this.native.tapAddress(this.fd, Buffer.from(mac.replaceAll(':', ''), 'hex'));
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
    return native.tapOpen({ name: config.name, sendBuffer: TAP_SEND_BUFFER, ...wantedOffloads(config) });
  } catch (error) {
    throw new Error(`interface ${config.name}: ${reasonOf(error as NativeError, config.name)}`);
  }
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
  const held = new Set(state.addresses.map(addressKey));
  const wanted = new Set(after.addresses.map(addressKey));
  const gone = (before?.addresses ?? []).filter((address) => !wanted.has(addressKey(address)));
  const missing = after.addresses.filter((address) => !held.has(addressKey(address)));
  return [
    ...(own && state.queueFrames !== TAP_QUEUE_FRAMES
      ? [`link set ${device} txqueuelen ${TAP_QUEUE_FRAMES}`]
      : []),
    ...(own && state.alias !== alias ? [`link set ${device} alias ${alias || '""'}`] : []),
    ...(state.mtu === mtu ? [] : [`link set ${device} mtu ${mtu}`]),
    ...gone
      .filter((address) => held.has(addressKey(address)))
      .map((address) => `address del ${address} ${device}`),
    ...missing.map(
      (address) => `address replace ${address} ${device}${address.includes(':') ? ' nodad' : ''}`,
    ),
    ...(state.isUp ? [] : [`link set ${device} up`]),
  ];
}

/** The same for every way to write one address with its prefix length. */
function addressKey(text: string): string {
  const [address, prefix] = text.split('/');
  const { family, words } = addressWords(address);
  return `${family}/${words.join('.')}/${prefix}`;
}
