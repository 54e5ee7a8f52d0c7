/** What the datapath tells the control thread, and what it is told. Plain data, so that it crosses threads. */
import type { Policy } from '../config/model.js';
import type { DuplicateSettings } from '../datapath/frames/duplicate.js';
import type { DampingSettings } from '../link/choice/damping.js';
import type { QualitySettings } from '../link/choice/grey.js';

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

export const LINK_STATES = [
  'down',
  'one-way',
  'up',
  'shutdown',
  'waiting',
  'damped',
  'draining',
  'drained',
] as const;
export type LinkStateName = (typeof LINK_STATES)[number];

/** States in which both directions of a link work: the peer can be reached by it. */
export const ALIVE_STATES: ReadonlySet<LinkStateName> = new Set(['up', 'damped', 'draining', 'drained']);

/** Why a link changed state; index as in the shared statistics. */
export const LINK_CAUSES = [
  'configured',
  'beats-heard',
  'hold-time-expired',
  'peer-does-not-hear-us',
  'carrier-lost',
  'address-removed',
  'send-error',
  'peer-reported-down',
  'peer-said-goodbye',
  'session-lost',
  'administratively-down',
  'path-unknown',
  'path-moved',
  'flapping',
  'damping-over',
  'too-lossy',
  'too-slow',
  'quality-restored',
  'administratively-drained',
  'peer-drains',
  'nothing-under-way',
  'no-other-link',
  'undrained',
] as const;
export type LinkCause = (typeof LINK_CAUSES)[number];

/** What was known of a link when it changed its state. Null: never measured. */
export interface LinkFacts {
  /** Time since anything came by the link, in µs. */
  heardUsAgo: number | null;
  /** Beats of the peer that were due in that time and did not come. */
  beatsMissed: number;
  /** Beats heard in a row before the change. */
  beatsHeard: number;
  /** How much of the silence was our own: the thread woke late, or the machine was suspended. In µs. */
  ownStallUs: number;
  /** Hold time in force, in µs. */
  holdUs: number;
  /** What the peer's last beat said of the other direction. */
  peerHearsUs: boolean | null;
  rttUs: number | null;
  jitterUs: number | null;
  lossOutPermille: number | null;
  lossInPermille: number | null;
  /** For how long damping holds the link back from now on, in µs; 0 when it does not. */
  dampedUs: number;
}

export type DatapathEvent =
  | { kind: 'handshake'; bytes: Uint8Array; path: PathRef }
  | { kind: 'session-confirmed'; slot: number; peer: number }
  | { kind: 'counter-high'; slot: number; peer: number }
  | { kind: 'all-links-down'; peer: number }
  | { kind: 'goodbye'; peer: number }
  | {
      kind: 'link';
      peer: number;
      link: number;
      state: LinkStateName;
      cause: LinkCause;
      atUs: number;
      facts: LinkFacts;
    }
  | { kind: 'roamed'; peer: number; link: number; path: PathRef }
  | { kind: 'path-mtu'; peer: number; link: number }
  /** The search for a path MTU has come to a result, in bytes, other than before (0: the first). */
  | { kind: 'mtu'; peer: number; link: number; mtu: number; before: number }
  | { kind: 'echo'; peer: number; link: number; id: number; sequence: number; rttUs: number }
  | { kind: 'gso-refused' }
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'stats'; buffer: SharedArrayBuffer; peers: number; links: number }
  | { kind: 'kernel'; change: KernelChange }
  | { kind: 'keys-wiped'; sealKey: number; openKey: number }
  | { kind: 'scheduling'; realtime: boolean }
  | { kind: 'fatal'; message: string };

/** What the kernel said of an interface, an address or the routes. */
export type KernelChange =
  | { what: 'carrier'; ifindex: number; up: boolean; mtu: number }
  | { what: 'address'; family: number; words: number[]; present: boolean; ifindex: number }
  | { what: 'route' };

/** A link as the datapath needs it. `socket` is -1 while none fits (its address is absent, say). */
export interface LinkSettings {
  socket: number;
  /** Words of `PATH`; family 0 while the remote end is unknown (dynamic). */
  path: number[];
  priority: number;
  intervalUs: number;
  holdUs: number;
  /** Largest packet, IP header included, in bytes; 0: to be found out. */
  mtu: number;
  /** What the kernel says of the route's MTU; 0 while it says nothing. */
  routeMtu: number;
  shutdown: boolean;
  /** Forward error correction: datagrams for each parity datagram; 0: none, 1: by the loss measured. */
  parity: number;
  /** Beats in a row after which a link is used again while another one carries the traffic. */
  upAfter: number;
  /** How flapping is held back; null: not at all. */
  damping: DampingSettings | null;
  /** The operator wants it empty, but alive. */
  drain: boolean;
  /** From when on it is grey: no good although it answers; null: never. */
  quality: QualitySettings | null;
}

export interface SocketSettings {
  fd: number;
  /** Interface the local address stands on; 0 for a wildcard address. */
  ifindex: number;
  /** Local address as words of `PATH.LOCAL`; zero for a wildcard address. */
  address: number[];
  family: number;
}

export type DatapathCommand =
  | { kind: 'socket'; row: number; settings: SocketSettings }
  | { kind: 'socket-close'; row: number }
  /** `name`: the first 48 bits of the public key, by which relays know the peer; 0 without a key. */
  /** `copies`: by how many links `active` sends; 0: by all. */
  | {
      kind: 'peer';
      row: number;
      policy: Policy;
      copies: number;
      duplicate: DuplicateSettings;
      name: number;
    }
  | { kind: 'peer-remove'; row: number }
  | { kind: 'link'; peer: number; id: number; row: number; settings: LinkSettings }
  | { kind: 'link-drain'; row: number; drain: boolean }
  | { kind: 'link-remove'; peer: number; id: number }
  | { kind: 'route-mtu'; row: number; mtu: number }
  | {
      kind: 'session';
      peer: number;
      slot: number;
      localIndex: number;
      remoteIndex: number;
      sealKey: number;
      openKey: number;
    }
  | { kind: 'session-send'; peer: number; slot: number }
  | { kind: 'session-stop'; peer: number }
  /** The keys are wiped once nothing can use them; `keys-wiped` tells. */
  | { kind: 'session-retire'; slot: number; sealKey: number; openKey: number }
  | { kind: 'send-raw'; bytes: Uint8Array; path: PathRef }
  | { kind: 'send-raw-peer'; bytes: Uint8Array; peer: number }
  | { kind: 'echo'; peer: number; link: number; id: number; sequence: number; size: number }
  | { kind: 'carrier'; ifindex: number; up: boolean }
  | { kind: 'address'; words: number[]; family: number; present: boolean; ifindex: number }
  | { kind: 'settings'; settings: DatapathSettings }
  | { kind: 'mac-table'; id: number }
  | { kind: 'explain'; id: number; peer: number }
  | { kind: 'explain-flows'; id: number; peer: number }
  | { kind: 'clear-counters' }
  | { kind: 'goodbye' };

/** Settings of the interface as a whole. */
export interface DatapathSettings {
  macAgeingS: number;
  macLimit: number;
  mssClamp: boolean;
  /** Bytes of the ring that a peer which sends much has for itself, and the age up to which anything is sent again. */
  resendBytes: number;
  resendAgeUs: number;
  /** Seconds until a larger path MTU is tried again. */
  mtuRaiseS: number;
  /** Hand on datagrams between peers whose links go via this host. */
  relay: boolean;
  /** The TAP was granted these; without them frames are finished in software. */
  tapChecksum: boolean;
  tapTso: boolean;
  tapUso: boolean;
}

/** One row of `mac-table`'s answer. */
export interface MacRow {
  vlan: number;
  high: number;
  low: number;
  /** Row of the peer, or -1 for the TAP. */
  port: number;
  ageUs: number;
}
