/** Behind which peer an IPv4 host of the LAN is: by the kernel's ARP table and the MAC table. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseIp } from '../../grammar/address.js';
import { addressesByDevice } from '../base/device-addresses.js';
import { RequestError } from '../base/request-errors.js';
import type { Finder, FoundPeer } from '../interfaces/finder.js';
import { stationOf } from '../interfaces/neighbours.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { macEntries, macSources } from './mac-entries.js';

/** The kernel asks three times, a second apart; who is there answers the first time. */
const ANSWER_WITHIN_MS = 1000;
const LOOK_EVERY_MS = 20;
/** RFC 863: what comes there is thrown away. */
const DISCARD_PORT = 9;

export function isIpv4(text: string): boolean {
  return parseIp(text)?.family === 4;
}

/**
 * The peer behind which a host is. Makes the kernel ask for its MAC address where that is not known. Throws `RequestError`
 * with what is wrong: it is in no network of an interface, nobody answers, or it is not behind a peer.
 */
export async function peerBehind(
  find: Finder,
  address: string,
  within: string | undefined,
  signal: AbortSignal,
): Promise<FoundPeer> {
  const { runtime, device } = placeOf(find.interfaces(within), address);
  const mac = stationOf(address, device) ?? (await askFor(address, device, signal));
  if (mac === null) throw new RequestError(`no host answers for ${address} on ${device}`);
  const name = await peerOfStation(find, runtime, mac);
  if (name === null) throw new RequestError(`${address} (${mac}) is not behind a peer of ${runtime.name}`);
  return find.peer({ peer: name, interface: runtime.name });
}

/** The interface in whose network an address lies, and the device that has an address there: the TAP or its bridge. */
function placeOf(runtimes: readonly InterfaceRuntime[], address: string) {
  const devices = addressesByDevice();
  for (const runtime of runtimes) {
    for (const device of [runtime.name, runtime.config.bridge]) {
      for (const { address: own, netmask, family } of (device === undefined ? [] : devices.get(device)) ??
        []) {
        if (family !== 'IPv4') continue;
        if (own === address) throw new RequestError(`${address} is an address of this host`);
        const mask = numberOf(netmask);
        if (((numberOf(own) ^ numberOf(address)) & mask) === 0) return { runtime, device: device as string };
      }
    }
  }
  throw new RequestError(`${address} is outside the networks of all interfaces, and no peer has this name`);
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, part) => (number << 8) | Number(part), 0);
}

/** A datagram to the host makes the kernel ask who has its address. */
async function askFor(address: string, device: string, signal: AbortSignal): Promise<string | null> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  try {
    socket.send('', DISCARD_PORT, address);
    await once(socket, 'listening', { signal }).catch(() => undefined);
    for (let waited = 0; waited < ANSWER_WITHIN_MS && !signal.aborted; waited += LOOK_EVERY_MS) {
      const mac = stationOf(address, device);
      if (mac !== null) return mac;
      await sleep(LOOK_EVERY_MS);
    }
    return stationOf(address, device);
  } finally {
    socket.close();
  }
}

async function peerOfStation(find: Finder, runtime: InterfaceRuntime, mac: string): Promise<string | null> {
  const entries = await macEntries(macSources(find, { interface: runtime.name, address: mac }));
  return entries.find(({ peer }) => peer !== null)?.peer ?? null;
}
