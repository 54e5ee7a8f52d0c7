/** A finding of `doctor`, and what findings are made of. */
import type {
  ArpSuppressionStatus,
  ControlEvent,
  InterfaceStatus,
  PeerMtu,
  PeerStatus,
  SystemInfo,
} from '../../api/index.js';

/** `fault`: something does not work. `advice`: it works, and could work better. `note`: it is well as it is, and good to know. */
export interface Finding {
  kind: 'fault' | 'advice' | 'note';
  /** What it is about, such as `peer osaka`. */
  where: string;
  problem: string;
  /** What to do: a command, or a sentence. */
  remedy: string;
}

/** What a peer answered by one link. */
export interface LinkAnswer {
  interface: string;
  peer: string;
  link: number;
  /** `address:port` from which it gets our datagrams, and its version; null: it does not say. */
  seenAs: string | null;
  peerVersion: string | null;
}

/** What the daemon was asked for. */
export interface DoctorFacts {
  system: SystemInfo;
  interfaces: readonly InterfaceStatus[];
  peers: readonly PeerStatus[];
  mtu: readonly PeerMtu[];
  /** What peers answered by their links. */
  answers: readonly LinkAnswer[];
  arp: readonly ArpSuppressionStatus[];
  /** Of the last hour. */
  events: readonly ControlEvent[];
}
