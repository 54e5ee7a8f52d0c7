/** What the bench needs to know of a way to join two hosts. */
import type { Lab } from '../../scripts/lab/lab.js';
import type { LabProcess, StartOptions } from '../../scripts/lab/process.js';
import { type DebianPackage, findProgram, peerEnvironment } from '../packages.js';

/** Address of h2 on the networks that the peers make. */
export const INNER_TARGET = '10.77.0.2';

export interface Peer {
  name: string;
  title: string;
  /** OSI layer of what it carries; `null` for the bare cable. */
  layer: 2 | 3 | null;
  encrypted: boolean;
  /** Cables between the two hosts; absent: one. */
  links?: number;
  /** Device of the VPN in each host, where `start` makes a full mesh of as many hosts as the lab has. */
  meshDevice?: string;
  /** Measured only where it is named, and in the table. */
  onRequest?: boolean;
  packages: DebianPackage[];
  /** Programs that must be found, among the unpacked packages or on the machine. */
  programs: string[];
  /** Sets the peer up between h1 and h2 of the lab and returns the address of h2 inside. */
  start(lab: Lab): Promise<string>;
}

/** Path of a program that `programs` names; the runner has checked that it is there. */
export function program(name: string): string {
  const path = findProgram(name);
  if (!path) throw new Error(`${name} is not installed`);
  return path;
}

/** Starts an unpacked program in a host, quietly. */
export function startPeer(
  lab: Lab,
  host: number,
  name: string,
  args: string[],
  options: StartOptions = {},
): LabProcess {
  const environment = { ...peerEnvironment(), ...options.env };
  const logFile = `${lab.folder}/${name}-h${host}.log`;
  return lab.start(host, program(name), args, { logFile, cwd: lab.folder, ...options, env: environment });
}

/** Gives both hosts' `device` an address on the inner network and takes it up. */
export async function addressDevice(lab: Lab, device: string, mtu?: number): Promise<void> {
  for (const host of [1, 2]) {
    await lab.run(host, 'ip', ['addr', 'add', `10.77.0.${host}/24`, 'dev', device]);
    const size = mtu === undefined ? [] : ['mtu', String(mtu)];
    await lab.run(host, 'ip', ['link', 'set', device, ...size, 'up']);
  }
}

/** Address of a host on the cable. */
export function outer(lab: Lab, host: number): string {
  return lab.attachment(host, 1).address;
}
