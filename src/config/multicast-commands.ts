/** The lines `multicast`, of an interface and of a peer: where the switch sends multicast, and who asks for it. */
import type { MulticastConfig } from '../api/config.js';
import { keyword, oneOf, options, value } from '../grammar/command.js';
import { IPV4, range } from '../grammar/values.js';
import { DEFAULTS } from './defaults.js';
import { fieldsOf, interfaceOf, peerOf, type Scope, type Setting, setting } from './language.js';

const MULTICAST = keyword('multicast', 'Which ports get multicast');
const ROUTER = keyword('router', 'A multicast router is there: it gets every group');

const UNREGISTERED: Record<NonNullable<MulticastConfig['unregistered']>, string> = {
  flood: 'To all ports (default)',
  routers: 'To ports with a router only',
};

const peerField = fieldsOf('peer', peerOf);

function choose(scope: Scope, change: MulticastConfig): void {
  const found = interfaceOf(scope);
  found.multicast = { ...found.multicast, ...change };
}

function forget(scope: Scope, key: keyof MulticastConfig): void {
  const found = interfaceOf(scope);
  const { [key]: _gone, ...rest } = found.multicast ?? {};
  if (Object.keys(rest).length > 0) found.multicast = rest;
  else delete found.multicast;
}

/** Of an interface. */
export const multicastCommands: Setting[] = [
  setting('interface', {
    tokens: [
      MULTICAST,
      keyword('snooping', 'Send multicast only where IGMP and MLD say it is wanted (default on)'),
    ],
    noNeeds: 2,
    set: (scope) => choose(scope, { snooping: true }),
    unset: (scope) => choose(scope, { snooping: false }),
    reset: (scope) => forget(scope, 'snooping'),
    preset: () => 'multicast snooping',
    render(scope) {
      const snooping = interfaceOf(scope).multicast?.snooping;
      return snooping === undefined ? [] : [snooping ? 'multicast snooping' : 'no multicast snooping'];
    },
  }),
  setting('interface', {
    tokens: [
      MULTICAST,
      keyword('unregistered', 'Groups without members'),
      oneOf('unregistered', UNREGISTERED),
    ],
    noNeeds: 2,
    set: (scope, { unregistered }) => choose(scope, { unregistered }),
    unset: (scope) => forget(scope, 'unregistered'),
    preset: () => `multicast unregistered ${DEFAULTS.multicastUnregistered}`,
    render(scope) {
      const unregistered = interfaceOf(scope).multicast?.unregistered;
      return unregistered === undefined ? [] : [`multicast unregistered ${unregistered}`];
    },
  }),
  setting('interface', {
    tokens: [
      MULTICAST,
      keyword('fast-leave', 'A leave ends a membership at once: for ports with one host each (default off)'),
    ],
    noNeeds: 2,
    set: (scope) => choose(scope, { fastLeave: true }),
    unset: (scope) => forget(scope, 'fastLeave'),
    render: (scope) => (interfaceOf(scope).multicast?.fastLeave ? ['multicast fast-leave'] : []),
  }),
  setting('interface', {
    tokens: [MULTICAST, ROUTER],
    noNeeds: 2,
    set: (scope) => choose(scope, { router: true }),
    unset: (scope) => forget(scope, 'router'),
    render: (scope) => (interfaceOf(scope).multicast?.router ? ['multicast router'] : []),
  }),
  setting('interface', {
    tokens: [
      MULTICAST,
      keyword('querier', 'Ask which groups are wanted while nobody else does (default off)'),
      options(
        [
          keyword('interval', 'Time between two questions'),
          value('interval', range(10, 3600, 's'), 'Time', { default: DEFAULTS.queryInterval }),
        ],
        [
          keyword('address', 'IPv4 address that IGMP questions come from; without one 0.0.0.0'),
          value('address', IPV4, 'Address of this host'),
        ],
      ),
    ],
    noNeeds: 2,
    set(scope, { interval, address }) {
      choose(scope, {
        querier: { interval: interval ?? DEFAULTS.queryInterval, ...(address !== undefined && { address }) },
      });
    },
    unset: (scope) => forget(scope, 'querier'),
    render(scope) {
      const querier = interfaceOf(scope).multicast?.querier;
      if (querier === undefined) return [];
      const address = querier.address === undefined ? '' : ` address ${querier.address}`;
      return [`multicast querier interval ${querier.interval}${address}`];
    },
  }),
];

/** Of a peer. */
export const multicastRouter: Setting = peerField('multicastRouter', {
  tokens: [MULTICAST, ROUTER],
  noNeeds: 2,
  read: () => true as const,
  write: () => 'multicast router',
});
