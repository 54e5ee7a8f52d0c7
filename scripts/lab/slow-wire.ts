/**
 * A wire whose delay can be set, for kernels without netem: a program in the namespace of an underlay's bridge. The two
 * ends of a link send to its address, and it forwards their datagrams after the delay.
 */
import { fileURLToPath } from 'node:url';
import type { Lab } from './lab.js';
import type { LabProcess } from './process.js';

const PROGRAM = fileURLToPath(new URL('./slow-wire-program.js', import.meta.url));
/** UDP port of the wire, for both ends. */
export const SLOW_WIRE_PORT = 7600;

/** The host number of the wire's own address in an underlay. */
const HOST = 254;

/** The address at which the ends of an underlay find its slow wire. */
export function slowWireAddress(lab: Lab, underlay: number): string {
  const { address, underlay: plan } = lab.attachment(1, underlay);
  const separator = plan.family === 4 ? '.' : ':';
  const network = address.slice(0, address.lastIndexOf(separator) + 1);
  return `${network}${plan.family === 4 ? HOST : HOST.toString(16)}`;
}

export class SlowWire {
  private constructor(private readonly process: LabProcess) {}

  /** Puts a wire without delay between two hosts' ports `port` on an underlay that has a bridge. */
  static async start(lab: Lab, underlay: number, hosts: [number, number], port: number): Promise<SlowWire> {
    const ends = hosts.map((host) => lab.attachment(host, underlay).address);
    const address = slowWireAddress(lab, underlay);
    await lab.giveBridgeAddress(underlay, address);
    const args = [PROGRAM, address, String(SLOW_WIRE_PORT), ...ends, String(port)];
    const started = lab.startAtUnderlay(underlay, process.execPath, args);
    return new SlowWire(started);
  }

  /** Sets how long datagrams take from now on, in ms each way. */
  delay(ms: number): void {
    this.process.say(`${ms}\n`);
  }
}
