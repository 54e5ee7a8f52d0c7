/** Guards of peers with their names. */
import type { GuardStatus } from '../../api/index.js';
import type { GuardRow } from '../../contract/answers.js';
import { stretchesOf } from '../base/slices.js';
import { addressText, formatMac } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

const PORTS_AT_ONCE = 500;

export async function guardStatus(runtime: InterfaceRuntime): Promise<GuardStatus[]> {
  const guards: GuardStatus[] = [];
  for await (const { rows } of stretchesOf((from) => runtime.datapath.guards(from, PORTS_AT_ONCE))) {
    for (const row of rows) guards.push(statusOf(runtime, row));
  }
  return guards;
}

function statusOf(runtime: InterfaceRuntime, row: GuardRow): GuardStatus {
  const { port, settings, bindings, pinned, most, excess } = row;
  const [source, dhcpServer, ra, multicastRouter, opaque] = row.drops;
  return {
    interface: runtime.name,
    peer: runtime.peers.atRow(port)?.config.name ?? null,
    source: settings?.source ?? false,
    dhcpServer: settings?.dhcpServer ?? false,
    ra: settings?.ra ?? false,
    multicastRouter: settings?.multicastRouter ?? false,
    macLimit: most || null,
    drops: { source, dhcpServer, ra, multicastRouter, opaque, staticMac: pinned, macLimit: excess },
    bindings: bindings.map(({ words, leftUs }) => ({
      address: addressText(words.slice(0, 4)),
      mac: formatMac(words[4], words[5] >>> 0),
      expiresSeconds: leftUs === null || !Number.isFinite(leftUs) ? null : Math.round(leftUs / 1e6),
    })),
  };
}
