/** The lines `guard` of a peer: what may come from behind it. */
import type { GuardConfig } from '../api/config.js';
import { choice, keyword, value } from '../grammar/command.js';
import { IPV4, IPV6, MAC, range } from '../grammar/values.js';
import { MAX_BINDINGS } from './defaults.js';
import { peerOf, type Scope, type Setting, setting } from './language.js';

/** As many as the largest MAC table holds. */
const MOST_STATIONS = 1_048_576;
const GUARD = keyword('guard', 'What may not come from this peer');

const SWITCHES = {
  source: ['source', 'Addresses that are bound neither here nor by DHCP'],
  dhcpServer: ['dhcp-server', 'Messages of DHCP servers, of IPv4 and IPv6'],
  ra: ['ra', 'Router advertisements'],
  multicastRouter: ['multicast-router', 'Queries for memberships, and what else multicast routers say'],
} as const;

type Change = { [K in keyof GuardConfig]: GuardConfig[K] | undefined };

function change(scope: Scope, to: Change): void {
  const guard: GuardConfig = Object.fromEntries(
    Object.entries(to).filter(([, wanted]) => wanted !== undefined),
  );
  if (Object.keys(guard).length > 0) peerOf(scope).guard = guard;
  else delete peerOf(scope).guard;
}

const switches = (Object.keys(SWITCHES) as (keyof typeof SWITCHES)[]).map((key) => {
  const [word, help] = SWITCHES[key];
  return setting('peer', {
    tokens: [GUARD, keyword(word, help)],
    noNeeds: 2,
    set: (scope) => change(scope, { ...peerOf(scope).guard, [key]: true }),
    unset: (scope) => change(scope, { ...peerOf(scope).guard, [key]: undefined }),
    render: (scope) => (peerOf(scope).guard?.[key] ? [`guard ${word}`] : []),
  });
});

export const guardCommands: Setting[] = [
  ...switches,
  setting('peer', {
    tokens: [
      GUARD,
      keyword('mac-limit', 'Frames of stations beyond so many'),
      value('stations', range(1, MOST_STATIONS), 'Stations that may be learned behind this peer'),
    ],
    noNeeds: 2,
    set: (scope, { stations }) => change(scope, { ...peerOf(scope).guard, macLimit: stations }),
    unset: (scope) => change(scope, { ...peerOf(scope).guard, macLimit: undefined }),
    render(scope) {
      const most = peerOf(scope).guard?.macLimit;
      return most === undefined ? [] : [`guard mac-limit ${most}`];
    },
  }),
  setting('peer', {
    tokens: [
      GUARD,
      keyword('binding', 'An address that "guard source" lets pass; may be given several times'),
      choice([value('ipv4', IPV4, 'IPv4 address')], [value('ipv6', IPV6, 'IPv6 address')]),
      value('mac', MAC, 'MAC address of the station that uses it'),
    ],
    noNeeds: 2,
    set(scope, args) {
      const address = args.ipv4 ?? args.ipv6 ?? '';
      const { guard } = peerOf(scope);
      const others = (guard?.bindings ?? []).filter((one) => one.address !== address || one.mac !== args.mac);
      // One more than there may be is for the validation to refuse; the rest would only cost time.
      if (others.length > MAX_BINDINGS) return;
      change(scope, { ...guard, bindings: [...others, { address, mac: args.mac }] });
    },
    unset(scope, args) {
      const address = args.ipv4 ?? args.ipv6;
      const { guard } = peerOf(scope);
      const isMeant = (one: { address: string; mac: string }): boolean =>
        (address === undefined || one.address === address) &&
        (args.mac === undefined || one.mac === args.mac);
      const kept = (guard?.bindings ?? []).filter((one) => !isMeant(one));
      change(scope, { ...guard, bindings: kept.length > 0 ? kept : undefined });
    },
    render: (scope) =>
      (peerOf(scope).guard?.bindings ?? []).map(({ address, mac }) => `guard binding ${address} ${mac}`),
  }),
];
