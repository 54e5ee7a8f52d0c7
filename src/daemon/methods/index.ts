/** All methods of the control API. The type demands every method that `src/api` declares. */

import { AUTHORIZED_KEY_METHODS } from './authorized-keys.js';
import { BANDWIDTH_METHODS } from './bandwidth.js';
import { CAPTURE_METHODS } from './capture.js';
import { COMPLETE_METHODS } from './complete.js';
import { CONFIGURATION_METHODS } from './configuration.js';
import { CONNECTION_METHODS } from './connections.js';
import { DEBUG_METHODS } from './debug.js';
import { DRAIN_METHODS } from './drain.js';
import { EVENT_METHODS } from './events.js';
import { EXPLAIN_METHODS } from './explain.js';
import { INVITATION_METHODS } from './invitations.js';
import { LOGGING_METHODS } from './logging.js';
import type { MethodTable } from './method.js';
import { PING_METHODS } from './ping.js';
import { REGISTRY_METHODS } from './registry.js';
import { ARP_SUPPRESSION_METHODS } from './show-arp-suppression.js';
import { COUNTER_METHODS } from './show-counters.js';
import { EXPIRY_METHODS } from './show-expiry.js';
import { GUARD_METHODS } from './show-guards.js';
import { INTERFACE_METHODS } from './show-interfaces.js';
import { LINK_METHODS } from './show-links.js';
import { MEMBER_METHODS } from './show-members.js';
import { MULTICAST_METHODS } from './show-multicast.js';
import { PEER_METHODS } from './show-peers.js';
import { SYSTEM_METHODS } from './show-system.js';
import { UPLINK_METHODS } from './show-uplinks.js';
import { VLAN_METHODS } from './show-vlans.js';
import { TRACE_METHODS } from './trace.js';
import { WAIT_METHODS } from './wait.js';

export const METHODS: MethodTable = {
  ...CONNECTION_METHODS,
  ...CONFIGURATION_METHODS,
  ...SYSTEM_METHODS,
  ...LOGGING_METHODS,
  ...DEBUG_METHODS,
  ...INTERFACE_METHODS,
  ...PEER_METHODS,
  ...AUTHORIZED_KEY_METHODS,
  ...INVITATION_METHODS,
  ...EXPIRY_METHODS,
  ...LINK_METHODS,
  ...GUARD_METHODS,
  ...MULTICAST_METHODS,
  ...ARP_SUPPRESSION_METHODS,
  ...UPLINK_METHODS,
  ...VLAN_METHODS,
  ...MEMBER_METHODS,
  ...REGISTRY_METHODS,
  ...COUNTER_METHODS,
  ...EVENT_METHODS,
  ...EXPLAIN_METHODS,
  ...DRAIN_METHODS,
  ...CAPTURE_METHODS,
  ...PING_METHODS,
  ...TRACE_METHODS,
  ...BANDWIDTH_METHODS,
  ...WAIT_METHODS,
  ...COMPLETE_METHODS,
};
