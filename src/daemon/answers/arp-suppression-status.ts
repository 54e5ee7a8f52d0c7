/** The IP addresses that the switch of an interface answers for, with the names of peers. */
import type { ArpSuppressionStatus, KnownAddress } from '../../api/index.js';
import type { NeighbourRow, NeighbourStretch } from '../../contract/answers.js';
import { stretchesOf } from '../base/slices.js';
import { addressText, formatMac } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

const ROWS_AT_ONCE = 1000;

export async function arpSuppressionStatus(runtime: InterfaceRuntime): Promise<ArpSuppressionStatus> {
  const addresses: KnownAddress[] = [];
  let last: NeighbourStretch | null = null;
  for await (const stretch of stretchesOf((from) => runtime.datapath.neighbours(from, ROWS_AT_ONCE))) {
    for (const row of stretch.rows) addresses.push(addressOf(runtime, row));
    last = stretch;
  }
  return {
    interface: runtime.name,
    active: runtime.config.arpSuppression ?? false,
    answered: last?.answered ?? 0,
    duplicates: last?.duplicates ?? 0,
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
