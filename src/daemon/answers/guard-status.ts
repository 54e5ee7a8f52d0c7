/** Guards of peers with their names. */
import type { GuardStatus } from '../../api/index.js';
import { addressText, formatMac } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

export async function guardStatus(runtime: InterfaceRuntime): Promise<GuardStatus[]> {
  const rows = (await runtime.datapath.guards()) ?? [];
  return rows.map(
    ({ port, settings, drops: [source, dhcpServer, ra, multicastRouter, opaque], bindings, ...counts }) => ({
      interface: runtime.name,
      peer: runtime.peers.atRow(port)?.config.name ?? null,
      source: settings?.source ?? false,
      dhcpServer: settings?.dhcpServer ?? false,
      ra: settings?.ra ?? false,
      multicastRouter: settings?.multicastRouter ?? false,
      macLimit: counts.most || null,
      drops: {
        source,
        dhcpServer,
        ra,
        multicastRouter,
        opaque,
        staticMac: counts.pinned,
        macLimit: counts.excess,
      },
      bindings: bindings.map(({ words, leftUs }) => ({
        address: addressText(words.slice(0, 4)),
        mac: formatMac(words[4], words[5] >>> 0),
        expiresSeconds: leftUs === null || !Number.isFinite(leftUs) ? null : Math.round(leftUs / 1e6),
      })),
    }),
  );
}
