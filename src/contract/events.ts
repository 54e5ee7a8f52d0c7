/** What the datapath tells the control thread. Plain data, so that it crosses threads. */

import type { LinkCause, LinkFacts, LinkState } from '../api/link-states.js';
import type { UplinkMoved } from './uplinks.js';

/** A path in words of `PATH`, as it came from the socket, and the socket it came by. */
export interface PathRef {
  /** Row of the socket table. */
  socket: number;
  words: number[];
}

/** How answers to handshakes are marked that go by a socket, to the remote end in `words` or, without words, to any. */
export interface AnswerMark {
  socket: number;
  /** Words of `PATH` up to the remote address. */
  words: number[];
  dscp: number;
  mark: number;
}

/** What the switch notices. Ports are peers or -1, the TAP. */
export type SwitchNotice =
  /** Addresses moved too often and stay where they are for a while; the last of them. */
  | {
      what: 'mac-frozen';
      vlan: number;
      high: number;
      low: number;
      /** Where it stays, and where it was heard then. */
      port: number;
      other: number;
      /** How many were frozen since the last was told, this one included. */
      count: number;
    }
  /** Two stations say in turn that they have one IP address: four words, IPv4 after ::ffff:0:0/96. */
  | { what: 'address-duplicate'; vlan: number; words: number[]; one: AddressClaim; other: AddressClaim }
  /** A peer sends more than storm control allows of a kind, an index in `STORM_KINDS`, or no longer. */
  | { what: 'storm'; peer: number; traffic: number; isOver: boolean };

/** Who claims an address: the first 16 and the last 32 bits of its MAC address, and the port where it was heard. */
export interface AddressClaim {
  high: number;
  low: number;
  port: number;
}

/** What came of a probe of a trace. */
export interface TraceAnswer {
  /**
   * `peer`: the peer answered. By ICMP: `expired`, its hop limit was used up; `too-big`, what follows takes no more than `mtu` bytes (0: it is
   * not said how many); `unreachable`, it went no further for the reason `code`. `refused`: this host did not send it, error `code`.
   */
  what: 'peer' | 'expired' | 'too-big' | 'unreachable' | 'refused';
  /** Who says so: words of a `PATH` up to the remote address; null: the peer or this host. */
  from: number[] | null;
  mtu: number;
  code: number;
  rttUs: number;
}

export type DatapathEvent =
  | { kind: 'handshake'; bytes: Uint8Array; path: PathRef }
  /** A handshake message came by a path that is not addressed to our public key; not told of each one. */
  | { kind: 'misaddressed'; path: PathRef }
  | { kind: 'session-confirmed'; slot: number; peer: number }
  | { kind: 'counter-high'; slot: number; peer: number }
  | { kind: 'all-links-down'; peer: number }
  | { kind: 'goodbye'; peer: number }
  | {
      kind: 'link';
      peer: number;
      link: number;
      state: LinkState;
      cause: LinkCause;
      atUs: number;
      facts: LinkFacts;
      /** Changes just before this one that were not told: they came too fast. */
      suppressed: number;
    }
  /** A link goes to another remote end: one that it learned, or the configured one again. */
  | { kind: 'roamed'; peer: number; link: number; isLearned: boolean; path: PathRef }
  | { kind: 'path-mtu'; peer: number; link: number }
  /** The search for a path MTU has come to a result, in bytes, other than before (0: the first). */
  | { kind: 'mtu'; peer: number; link: number; mtu: number; before: number }
  /** The peer's TAP has another MTU than before, in bytes; 0: it does not say. */
  | { kind: 'tap-mtu'; peer: number; mtu: number }
  | {
      kind: 'echo';
      peer: number;
      link: number;
      id: number;
      sequence: number;
      rttUs: number;
      /** Where our request came from, as the peer sees it: words of a `PATH` up to the remote address; null: it does not say. */
      seen: number[] | null;
      /** Version of the peer, three numbers; null: it does not say. */
      version: number[] | null;
    }
  | ({ kind: 'trace'; id: number } & TraceAnswer)
  /** By ICMP it was said `from` somewhere that nothing gets `to` the end of a link, both words of a `PATH` up to the remote address. */
  | { kind: 'unreachable'; to: number[]; from: number[]; code: number }
  /** A message of a bandwidth test, from its kind on. */
  | { kind: 'bandwidth-message'; peer: number; bytes: Uint8Array }
  | UplinkMoved
  /** A MEMBER message of a peer, from what follows its kind on. */
  | { kind: 'member'; peer: number; bytes: Uint8Array }
  /** Frames for each other pass between two clients that may be introduced. */
  | { kind: 'talk'; peers: readonly [number, number] }
  /** The LAN reaches a peer by another way as well, or no longer, in these VLANs (0: no tag); `state` is one of `LOOP`. */
  | { kind: 'loop'; peer: number; vlans: readonly number[]; state: number }
  /** The switch has noticed something. */
  | { kind: 'switch'; notice: SwitchNotice }
  | { kind: 'gso-refused'; peer: number; link: number }
  /** The path of a link loses runs and spares single datagrams, or no longer; runs are tried again after `againS` seconds. */
  | {
      kind: 'runs-lost';
      peer: number;
      link: number;
      isOff: boolean;
      runLossPermille: number;
      singleLossPermille: number;
      againS: number;
    }
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'stats'; buffer: SharedArrayBuffer; peers: number; links: number }
  /** Interfaces, addresses or routes have changed. */
  | { kind: 'kernel'; interfaces: readonly number[] }
  /** A link that leaves by an interface misses a heartbeat: has the interface lost its carrier? */
  | { kind: 'carrier-doubt'; ifindex: number }
  /** The interface that a link is bound to is another one now: it needs another socket. */
  | { kind: 'rebind' }
  | { kind: 'keys-wiped'; sealKey: number; openKey: number }
  | { kind: 'scheduling'; realtime: boolean }
  /** How many threads the datapath has now, this one included. */
  | { kind: 'workers'; count: number }
  | { kind: 'fatal'; message: string };
