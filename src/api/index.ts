/**
 * The control protocol: JSON-RPC 2.0, one message a line of UTF-8, over a Unix stream socket. This
 * folder is the one definition that the daemon and its clients share. It holds types and constants only, so that
 * importing it costs a client nothing.
 *
 * Result objects are stable between releases. Numbers are raw, their unit ends the key (`rttSmoothedUs`,
 * `changedSecondsAgo`, `rxBytes`); what is not known is `null`, never a made-up zero.
 */

export * from './arp-suppression.js';
export * from './bandwidth.js';
export * from './capture.js';
export * from './clients.js';
export * from './config.js';
export * from './configuration.js';
export * from './debug.js';
export * from './events.js';
export * from './expiry.js';
export * from './explain.js';
export * from './guards.js';
export * from './history.js';
export * from './interfaces.js';
export * from './invitations.js';
export * from './link-states.js';
export * from './links.js';
export * from './logging.js';
export * from './members.js';
export * from './methods.js';
export * from './metrics.js';
export * from './mtu.js';
export * from './multicast.js';
export * from './operations.js';
export * from './peers.js';
export * from './protocol.js';
export * from './registry.js';
export * from './system.js';
export * from './trace.js';
export * from './uplinks.js';
export * from './vlans.js';
