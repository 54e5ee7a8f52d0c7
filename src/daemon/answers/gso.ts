/** Whether datagrams leave many in one send: by UDP GSO. */
import type { LinkStatus } from '../../api/peers.js';
import { LINK, LINK_WIDTH, NO_GSO } from '../../contract/stats.js';
import type { LinkEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

const LACKS: Readonly<Record<number, 'device' | 'path' | undefined>> = {
  [NO_GSO.DEVICE]: 'device',
  [NO_GSO.PATH]: 'path',
};

/** Whether any link of an interface may use it; one without links may. */
export function grantsGso(runtime: InterfaceRuntime): boolean {
  if (!isOn(runtime)) return false;
  const links = [...runtime.peers.values()].flatMap((peer) => [...peer.links.values()]);
  return links.length === 0 || links.some((link) => LACKS[reasonOf(runtime, link)] === undefined);
}

/** Whether a link uses it, and why not. */
export function gsoOf(runtime: InterfaceRuntime, link: LinkEntry): Pick<LinkStatus, 'gso' | 'gsoLack'> {
  if (link.config.remote?.kind === 'via') return { gso: null, gsoLack: null };
  if (!isOn(runtime)) return { gso: false, gsoLack: null };
  const gsoLack = LACKS[reasonOf(runtime, link)] ?? null;
  return { gso: gsoLack === null, gsoLack };
}

function isOn({ selfTest, config }: InterfaceRuntime): boolean {
  return selfTest.gso !== 'fails' && !config.disabledOffloads.includes('udp-gso');
}

function reasonOf({ datapath }: InterfaceRuntime, { row }: LinkEntry): number {
  return datapath.stats.links[row * LINK_WIDTH + LINK.noGso];
}
