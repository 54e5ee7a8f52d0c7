/** What the control thread asks of the datapath. Plain data, so that it crosses threads. */

import type { CounterClearing, KnownMulticast, MacClearing, MacWanted } from './answers.js';
import type { CaptureSettings } from './capture.js';
import type { PathRef } from './events.js';
import type { KernelFact, Route } from './place.js';
import type { DatapathSettings, LinkSettings, PeerSettings, SocketSettings } from './settings.js';
import type { KnownStations } from './stations.js';

export type DatapathCommand =
  | { kind: 'socket'; row: number; settings: SocketSettings }
  | { kind: 'socket-close'; row: number }
  | ({ kind: 'peer'; row: number } & PeerSettings)
  | { kind: 'peer-remove'; row: number }
  | { kind: 'link'; peer: number; id: number; row: number; settings: LinkSettings }
  | { kind: 'link-drain'; row: number; drain: boolean }
  | { kind: 'link-remove'; peer: number; id: number }
  /** Where the peer of a link was found before a restart, as words of `PATH`. */
  | { kind: 'found-before'; row: number; words: readonly number[] }
  /** What the routing table says of a link; `mtu` in bytes, 0: not known. */
  | { kind: 'route'; row: number; mtu: number; route: Route }
  | {
      kind: 'session';
      peer: number;
      slot: number;
      localIndex: number;
      remoteIndex: number;
      sealKey: number;
      openKey: number;
      /** `CAPABILITY` bits of the peer. */
      capabilities: number;
    }
  | { kind: 'session-send'; peer: number; slot: number }
  | { kind: 'session-stop'; peer: number }
  /** The keys are wiped once nothing can use them; `keys-wiped` tells. */
  | { kind: 'session-retire'; slot: number; sealKey: number; openKey: number }
  | { kind: 'send-raw'; bytes: Uint8Array; path: PathRef }
  | { kind: 'send-raw-peer'; bytes: Uint8Array; peer: number }
  | { kind: 'echo'; peer: number; link: number; id: number; sequence: number; size: number }
  /**
   * Probes the way of a link (its id) for a trace: an IP packet of `size` bytes that may take so many hops; 0: as many as any. One is
   * under way at a time.
   */
  | { kind: 'trace'; peer: number; link: number; id: number; size: number; hops: number }
  /** A message of a bandwidth test, as `writeBandwidthMessage` makes it, by the link that messages take. */
  | { kind: 'bandwidth-message'; peer: number; bytes: Uint8Array }
  /** Sends `count` datagrams of data, numbered from `sequence`, as large as the link (its id; -1: any) takes. */
  | {
      kind: 'bandwidth-data';
      id: number;
      peer: number;
      link: number;
      test: number;
      sequence: number;
      count: number;
    }
  /** Data of this test of a peer is counted from now on; -1: no longer. */
  | { kind: 'bandwidth-receive'; peer: number; test: number }
  | { kind: 'bandwidth-reception'; id: number; peer: number }
  | { kind: 'kernel'; facts: KernelFact[] }
  /** Whether sockets of IPv6 can be had. */
  | { kind: 'ipv6'; isThere: boolean }
  | { kind: 'settings'; settings: DatapathSettings }
  /** Looks at so many rows of the MAC table; no more than the datapath has time for between two batches. */
  | { kind: 'mac-table'; id: number; from: number; rows: number; wanted: MacWanted; isCounted: boolean }
  /** Removes learned entries of the MAC table, in so many slots. */
  | ({ kind: 'mac-clear'; id: number } & MacClearing)
  /** What is held for peers; these links serve as samples. */
  | { kind: 'memory'; id: number; links: number[] }
  /** In which VLANs MAC addresses are known. */
  | { kind: 'vlans'; id: number }
  /** Looks at the guards of so many ports. */
  | { kind: 'guards'; id: number; from: number; ports: number }
  /** Looks at so many rows of the table of multicast memberships. */
  | { kind: 'multicast'; id: number; from: number; rows: number }
  /** Looks at so many rows of the IP addresses that are known. */
  | { kind: 'neighbours'; id: number; from: number; rows: number }
  | { kind: 'explain'; id: number; peer: number }
  | { kind: 'explain-flows'; id: number; peer: number }
  | { kind: 'uplinks'; id: number }
  /** Copies what passes some points into a ring until `capture-end`. */
  | ({ kind: 'capture'; id: number } & CaptureSettings)
  | { kind: 'capture-end'; id: number }
  /** Sets counters to zero; no more than the datapath has time for between two batches. */
  | ({ kind: 'clear-counters'; id: number } & CounterClearing)
  /** Sends a MEMBER message to a peer; `bytes` follow the kind. */
  | { kind: 'member'; peer: number; bytes: Uint8Array }
  /** Announces our stations to a peer; `isAgain`: to a direct one to which they were announced before. */
  | { kind: 'announce'; peer: number; isAgain: boolean }
  /** Puts stations back where they were before a restart. */
  | { kind: 'stations'; stations: KnownStations }
  /** A peer has not come back: where its stations are is open, unless it has a session. */
  | { kind: 'stations-forget'; peer: number }
  /** Queriers and routers from before a restart count again; memberships are asked for in place of the queriers. */
  | { kind: 'multicast-recall'; known: KnownMulticast }
  /** Says goodbye to a peer that will be removed, or to all. */
  | { kind: 'goodbye'; peer?: number };
