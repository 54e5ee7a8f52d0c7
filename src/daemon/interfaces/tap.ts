/** The TAP device: opened by the addon, set up with iproute2. */
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { Native, NativeError, TapHandle } from '../../native/binding.js';
import { ipBatch } from './iproute.js';

/** Room for a few super-frames in the TAP's queue towards the kernel; the kernel's 212 KB hold three. */
const TAP_SEND_BUFFER = 4 << 20;
const TAP_QUEUE_FRAMES = 1000;

/** Opens the TAP with the offloads that are not forced off. Throws a plain sentence. */
export function openTap(native: Native, config: InterfaceConfig): TapHandle {
  const off = new Set(config.disabledOffloads);
  try {
    return native.tapOpen({
      name: config.name,
      persist: effectiveInterface(config).persist,
      sendBuffer: TAP_SEND_BUFFER,
      checksum: !off.has('tap-checksum'),
      tso: !off.has('tap-checksum') && !off.has('tap-tso'),
      uso: !off.has('tap-checksum') && !off.has('tap-uso'),
    });
  } catch (error) {
    throw new Error(`interface ${config.name}: ${reasonOf(error as NativeError, config.name)}`);
  }
}

function reasonOf(error: NativeError, name: string): string {
  switch (error.code) {
    case 'EBUSY':
    case 'EEXIST':
      return `the name ${name} is already taken by another device or daemon; choose another name`;
    case 'EPERM':
    case 'EACCES':
      return 'making a TAP needs root or CAP_NET_ADMIN';
    case 'ENOENT':
    case 'ENODEV':
      return '/dev/net/tun is missing: load the tun module ("modprobe tun") or give the container the device';
    default:
      return error.message;
  }
}

/** The `ip` commands that bring a TAP from one configuration to the next. `before` is null for a new TAP. */
function tapCommands(before: InterfaceConfig | null, after: InterfaceConfig, mac: string): string[] {
  const dev = after.name;
  const commands: string[] = [];
  const mtu = effectiveInterface(after).mtu;
  if (before === null) {
    commands.push(`link set dev ${dev} address ${mac}`, `link set dev ${dev} txqueuelen ${TAP_QUEUE_FRAMES}`);
  } else if (before.mac !== after.mac) {
    commands.push(`link set dev ${dev} address ${mac}`);
  }
  if (before === null || effectiveInterface(before).mtu !== mtu)
    commands.push(`link set dev ${dev} mtu ${mtu}`);
  if (after.bridge !== before?.bridge) {
    commands.push(
      after.bridge === undefined
        ? `link set dev ${dev} nomaster`
        : `link set dev ${dev} master ${after.bridge}`,
    );
  }
  for (const address of before?.addresses ?? []) {
    if (!after.addresses.includes(address)) commands.push(`address del ${address} dev ${dev}`);
  }
  for (const address of after.addresses) {
    if (!before?.addresses.includes(address)) {
      commands.push(`address replace ${address} dev ${dev}${address.includes(':') ? ' nodad' : ''}`);
    }
  }
  if (before === null) commands.push(`link set dev ${dev} up`);
  return commands;
}

/** Runs these commands, all or none as far as the kernel allows. Throws a plain sentence. */
export async function setUpTap(
  before: InterfaceConfig | null,
  after: InterfaceConfig,
  mac: string,
): Promise<void> {
  const commands = tapCommands(before, after, mac);
  if (commands.length === 0) return;
  try {
    await ipBatch(commands);
  } catch (error) {
    throw new Error(`interface ${after.name}: ${(error as Error).message}`);
  }
}
