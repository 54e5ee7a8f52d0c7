/** Whether datagrams leave many in one send: by UDP GSO. */
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import type { LinkEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Whether any link of an interface may use it; one without links may. */
export function grantsGso(runtime: InterfaceRuntime): boolean {
  if (!isOn(runtime)) return false;
  const links = [...runtime.peers.values()].flatMap((peer) => [...peer.links.values()]);
  return links.length === 0 || links.some((link) => !isRefused(runtime, link));
}

/** Whether a link uses it: it is on, and the device of the link has not refused it. */
export function usesGso(runtime: InterfaceRuntime, link: LinkEntry): boolean {
  return isOn(runtime) && !isRefused(runtime, link);
}

function isOn({ selfTest, config }: InterfaceRuntime): boolean {
  return selfTest.gso !== 'fails' && !config.disabledOffloads.includes('udp-gso');
}

function isRefused({ datapath }: InterfaceRuntime, { row }: LinkEntry): boolean {
  return datapath.stats.links[row * LINK_WIDTH + LINK.refusesGso] === 1;
}
