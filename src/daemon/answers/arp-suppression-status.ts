/** The IP addresses that the switch of an interface answers for, with the names of peers. */
import type { ArpSuppressionStatus, KnownAddress } from '../../api/index.js';
import type { NeighbourRow, NeighbourStretch } from '../../contract/answers.js';
import { Slices } from '../base/slices.js';
import { addressText, formatMac } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

const ROWS_AT_ONCE = 1000;

export async function arpSuppressionStatus(runtime: InterfaceRuntime): Promise<ArpSuppressionStatus> {
  const addresses: KnownAddress[] = [];
  const slices = new Slices();
  let stretch: NeighbourStretch | null = null;
  for (let from = 0; from >= 0; from = stretch?.next ?? -1) {
    stretch = await runtime.datapath.neighbours(from, ROWS_AT_ONCE);
    slices.begun();
    for (const row of stretch?.rows ?? []) addresses.push(addressOf(runtime, row));
    await slices.pause();
  }
  return {
    interface: runtime.name,
    active: runtime.config.arpSuppression ?? false,
    answered: stretch?.answered ?? 0,
    duplicates: stretch?.duplicates ?? 0,
    addresses: addresses.sort((a, b) => a.vlan - b.vlan || (a.address < b.address ? -1 : 1)),
  };
}

function addressOf(runtime: InterfaceRuntime, row: NeighbourRow): KnownAddress {
  return {
    vlan: row.vlan,
    address: addressText(row.words),
    mac: formatMac(row.high, row.low),
    peer: runtime.peers.atRow(row.port)?.config.name ?? null,
    state: row.isDuplicate ? 'duplicate' : 'known',
    router: row.isRouter,
    expiresSeconds: Math.round(row.leftUs / 1e6),
  };
}
