/** `show arp-suppression`: the IP addresses that the switch answers for. */
import type { ArpSuppressionStatus, KnownAddress } from '../../api/index.js';
import { byName, byVlan } from '../../base/order.js';
import { keyword } from '../../grammar/command.js';
import { arpSuppressionText } from '../output/arp-suppression.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';
import { larger } from './narrowing.js';

export const arpSuppressionCommands: ExecCommand[] = [
  narrowedCall<'show.arpSuppression', KnownAddress>({
    tokens: [keyword('arp-suppression', 'IP addresses that are answered for in place of flooding')],
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only addresses that fit a pattern', of: ({ address }) => address },
      sorts: {
        address: { help: 'By address', order: (a, b) => byName(a.address, b.address) },
        expires: {
          help: 'Staying longest first',
          order: (a, b) => larger(a.expiresSeconds, b.expiresSeconds),
        },
      },
    },
    method: 'show.arpSuppression',
    gather: { fetch: (client, page) => client.request('show.arpSuppressionPage', page), join: joined },
    narrow: (statuses, rows) => statuses.map((status) => ({ ...status, addresses: rows(status.addresses) })),
    text: arpSuppressionText,
  }),
];

/** The interfaces of all pages, each with all its addresses. */
function joined(parts: readonly ArpSuppressionStatus[]): ArpSuppressionStatus[] {
  const statuses = new Map<string, ArpSuppressionStatus>();
  for (const part of parts) {
    const addresses = statuses.get(part.interface)?.addresses ?? [];
    addresses.push(...part.addresses);
    statuses.set(part.interface, { ...part, addresses });
  }
  return [...statuses.values()].map((status) => ({
    ...status,
    addresses: status.addresses.sort(byVlan(({ address }) => address)),
  }));
}
