/** Why links and interfaces change: the words for each cause. JSON and tables have the word, events the whole text. */
import { LINK_CAUSES, type LinkCause } from '../../api/link-states.js';

/** What follows the state in an event; measurements are added to it. */
export const LINK_CAUSE_TEXT: Record<LinkCause, string> = {
  configured: 'configured, waiting for the first heartbeat',
  'beats-heard': 'heartbeats are heard',
  'hold-time-expired': 'the hold time expired',
  'peer-does-not-hear-us': 'the peer does not hear us',
  'carrier-lost': 'the local interface lost its carrier',
  'address-removed': 'the local address was removed',
  'send-error': 'the kernel refused to send',
  'peer-reported-down': 'the peer reports it down',
  'peer-said-goodbye': 'the peer said goodbye',
  'session-lost': 'the session ended',
  'administratively-down': 'shut down in the configuration',
  'path-unknown': 'the remote end is not known yet',
  'path-moved': 'its path was changed in the configuration',
  flapping: 'it keeps going down',
  'damping-over': 'it has been steady for long enough',
  'too-lossy': 'it loses too much, others are taken before it',
  'too-slow': 'it is much slower than another one, others are taken before it',
  'quality-restored': 'it has been good again for long enough',
  'administratively-drained': 'drained by the operator',
  'peer-drains': 'the peer drains it',
  'nothing-under-way': 'nothing is under way on it any more',
  'no-other-link': 'no other link is usable, it carries frames',
  undrained: 'in use again',
  removed: 'removed from the configuration',
  'interface-absent': 'its interface is not there',
  'address-absent': 'this host does not have its local address',
  'address-duplicate': 'another host has its local address as well',
  'no-carrier': 'its local interface has no carrier',
  'no-ipv6': 'the kernel has no IPv6',
  'no-route': 'there is no route to its remote end',
  'recursive-route': 'recursive route: what it sends is routed into this tunnel itself',
  'name-unresolved': 'the name of its remote end has no address',
  'worker-died': 'the worker that moves the frames died',
};

const CAUSE_WORDS = new Map(
  LINK_CAUSES.map((cause) => [
    cause,
    cause === 'beats-heard' ? 'heartbeats heard' : cause.replaceAll('-', ' '),
  ]),
);

/** `hold time expired`. */
export function causeWord(cause: LinkCause): string {
  return CAUSE_WORDS.get(cause) ?? cause;
}

export const INTERFACE_CAUSE = {
  configured: 'configured',
  shutdown: 'administratively down',
  removed: 'removed from the configuration',
  stopped: 'daemon stops',
  died: 'datapath worker died',
  notStarted: 'not started',
} as const;
