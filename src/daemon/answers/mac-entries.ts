/** The MAC table of an interface, with the names of peers. */
import type { MacEntry } from '../../api/index.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

export async function macEntries(runtime: InterfaceRuntime): Promise<MacEntry[]> {
  const rows = await runtime.datapath.macTable();
  return rows.map((row) => ({
    mac: formatMac(row.high, row.low),
    vlan: row.vlan,
    interface: runtime.name,
    peer: row.port < 0 ? null : (runtime.peers.atRow(row.port)?.config.name ?? null),
    ageSeconds: Math.round(row.ageUs / 1e6),
    static: false,
  }));
}

/** `high`: the first 16 bits of the address, `low`: the other 32. */
function formatMac(high: number, low: number): string {
  const hex = high.toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0');
  return (hex.match(/../g) as string[]).join(':');
}
