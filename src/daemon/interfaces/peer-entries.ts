/** The configured peers of an interface beside their rows in the datapath. */
import type { LinkConfig, PeerConfig } from '../../config/model.js';
import type { LinkCause, LinkStateName } from '../../contract/events.js';
import type { LocalAnswer } from './udp-sockets.js';

export interface LinkEntry {
  row: number;
  config: LinkConfig;
  /** Where it is bound; null while it is shut down or its remote end is a peer. */
  answer: LocalAnswer | null;
  /** Words of the path configured, and of the one learned since. */
  configuredPath: number[];
  learnedPath: number[] | null;
  /** What the kernel says of the path's MTU, in bytes; null while it cannot tell. */
  routeMtu: number | null;
  /** An operator has asked for it to be drained, outside of the configuration. */
  drained: boolean;
  state: LinkStateName;
  cause: LinkCause | null;
  /** The last change in words, with what was measured then. */
  detail: string | null;
}

export interface PeerEntry {
  row: number;
  config: PeerConfig;
  links: Map<number, LinkEntry>;
  /** Known to the handshaker. */
  admitted: boolean;
  up: boolean;
}
