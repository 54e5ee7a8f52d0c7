/** What sender and receiver of a stream share: a UDP socket of the addon, a path, and a scheduling class. */
import { constants, setPriority } from 'node:os';
import { parseIp } from '../../src/grammar/address.js';
import { loadNative, type Native } from '../../src/native/binding.js';
import { PATH } from '../../src/native/ops.js';

/** Below the workers: what measures must not hold up what is measured. */
const REALTIME_PRIORITY = 5;
const SOCKET_BUFFER_BYTES = 4 << 20;

export function openUdp(address: string | null, port: number, family: 4 | 6): { native: Native; fd: number } {
  const native = loadNative();
  const { fd } = native.udpOpen({
    family,
    address,
    port,
    device: null,
    receiveBuffer: SOCKET_BUFFER_BYTES,
    sendBuffer: SOCKET_BUFFER_BYTES,
    gro: false,
  });
  return { native, fd };
}

/**
 * A row of the path table that leads to a textual address.
 * @throws Error with a sentence for the user if it is not an address.
 */
export function pathTo(address: string, port: number): Int32Array {
  const parsed = parseIp(address);
  if (parsed === null) throw new Error(`'${address}' is not an IP address`);
  const path = new Int32Array(PATH.WORDS);
  path[PATH.FAMILY] = parsed.family;
  path[PATH.PORT] = port;
  new Uint8Array(path.buffer, PATH.ADDR * 4, 16).set(parsed.bytes);
  return path;
}

/** Asks to run before ordinary programs, so that the figures are the network's; returns what was granted. */
export function hurry(native: Native): 'realtime' | 'normal' {
  try {
    native.setScheduling('round-robin', REALTIME_PRIORITY);
    return 'realtime';
  } catch {
    return hurryNormally();
  }
}

function hurryNormally(): 'normal' {
  try {
    setPriority(0, constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Without the right to it the thread runs like any other.
  }
  return 'normal';
}

/** Lets Node look at signals and input. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
