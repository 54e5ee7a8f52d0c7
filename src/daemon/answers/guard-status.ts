/** Guards of peers with their names. */
import type { GuardStatus } from '../../api/index.js';
import type { GuardRow, GuardStretch } from '../../contract/answers.js';
import { Slices } from '../base/slices.js';
import { addressText, formatMac } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

const PORTS_AT_ONCE = 500;

export async function guardStatus(runtime: InterfaceRuntime): Promise<GuardStatus[]> {
  const guards: GuardStatus[] = [];
  const slices = new Slices();
  let stretch: GuardStretch | null = null;
  for (let from = 0; from >= 0; from = stretch?.next ?? -1) {
    stretch = await runtime.datapath.guards(from, PORTS_AT_ONCE);
    slices.begun();
    for (const row of stretch?.rows ?? []) guards.push(statusOf(runtime, row));
    await slices.pause();
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
