/** Every method with its parameters and its result. */

import type { ArpSuppressionStatus } from './arp-suppression.js';
import type { BandwidthParams, BandwidthReport, BandwidthStarted } from './bandwidth.js';
import type { CaptureOpened, CaptureParams, CaptureRead, CaptureReadParams } from './capture.js';
import type { AuthorizedKeyMethods } from './clients.js';
import type { ConfigurationMethods } from './configuration.js';
import type { DebugMethods } from './debug.js';
import type { ControlEvent, EventFilter } from './events.js';
import type { ExpiryMethods } from './expiry.js';
import type { FlowsExplained, PeerExplained } from './explain.js';
import type { GuardStatus } from './guards.js';
import type { LinkHistory, LinkHistoryParams } from './history.js';
import type {
  Counter,
  DropCounter,
  InterfaceStatus,
  MacClearFilter,
  MacCount,
  MacEntry,
  MacFilter,
  MacsCleared,
} from './interfaces.js';
import type { InvitationMethods } from './invitations.js';
import type { LinkMethods } from './links.js';
import type { LoggingMethods } from './logging.js';
import type { MemberStatus } from './members.js';
import type { MetricFamily } from './metrics.js';
import type { PeerMtu } from './mtu.js';
import type { MulticastStatus } from './multicast.js';
import type {
  CompleteParams,
  Page,
  PageParams,
  PingParams,
  PingResult,
  WaitParams,
  WaitResult,
} from './operations.js';
import type { LinkStatus, PeerStatus } from './peers.js';
import type { HelloParams, HelloResult } from './protocol.js';
import type { MemberRevoked, RegistryStatus } from './registry.js';
import type { ClientStatus, SystemInfo, VersionInfo } from './system.js';
import type { TraceParams, TraceResult } from './trace.js';
import type { UplinkStatus } from './uplinks.js';
import type { VlanStatus } from './vlans.js';

export interface Methods
  extends ConfigurationMethods,
    LinkMethods,
    AuthorizedKeyMethods,
    InvitationMethods,
    ExpiryMethods,
    LoggingMethods,
    DebugMethods {
  hello: { params: HelloParams; result: HelloResult };
  'show.version': { params: Record<string, never>; result: VersionInfo };
  'show.interfaces': { params: { interface?: string }; result: InterfaceStatus[] };
  /** Like the other listings without pages, it refuses where there are too many peers for one answer. */
  'show.peers': { params: { interface?: string }; result: PeerStatus[] };
  'show.peersPage': { params: PageParams; result: Page<PeerStatus> };
  /** Fails when there is no such peer, or several and no interface is named. */
  'show.peer': { params: { peer: string; interface?: string }; result: PeerStatus };
  'show.links': { params: { interface?: string; peer?: string }; result: LinkStatus[] };
  'show.linksPage': { params: PageParams; result: Page<LinkStatus> };
  'show.mtu': { params: { interface?: string; peer?: string }; result: PeerMtu[] };
  'show.mtuPage': { params: PageParams; result: Page<PeerMtu> };
  /** Only links of which history is kept. Fails where there are more than 64: name a peer. */
  'show.linkHistory': { params: LinkHistoryParams; result: LinkHistory[] };
  'show.metrics': { params: Record<string, never>; result: MetricFamily[] };
  /** Refuses where there are too many for one answer. */
  'show.macTable': { params: MacFilter; result: MacEntry[] };
  /** A page may have few rows, or none, before the last one: so many entries were looked at. */
  'show.macTablePage': { params: PageParams & MacFilter; result: Page<MacEntry> };
  'show.macCount': { params: MacFilter; result: MacCount[] };
  'show.counters': { params: { interface?: string; peer?: string }; result: Counter[] };
  'show.countersPage': { params: PageParams; result: Page<Counter> };
  'show.users': { params: Record<string, never>; result: ClientStatus[] };
  /** The events of the last hours, oldest first. */
  'show.events': { params: EventFilter; result: ControlEvent[] };
  /** Only reasons that have counted, unless `all`. */
  'show.drops': { params: { interface?: string; all?: boolean }; result: DropCounter[] };
  'show.guards': { params: { interface?: string }; result: GuardStatus[] };
  /** A page may have few rows, or none, before the last one. */
  'show.guardsPage': { params: PageParams; result: Page<GuardStatus> };
  'show.arpSuppression': { params: { interface?: string }; result: ArpSuppressionStatus[] };
  /** An interface with so many of its addresses; the next page goes on with it. */
  'show.arpSuppressionPage': { params: PageParams; result: Page<ArpSuppressionStatus> };
  /** Groups without members are left out. */
  'show.multicast': { params: { interface?: string }; result: MulticastStatus[] };
  /**
   * An interface with so many members of its groups; the next page goes on with it, and may have more members of the same groups.
   * Queriers, router ports and unsettled peers are on its first page only.
   */
  'show.multicastPage': { params: PageParams; result: Page<MulticastStatus> };
  /** VLANs that a line of the configuration names, and those in which MAC addresses are known. */
  'show.vlans': { params: { interface?: string }; result: VlanStatus[] };
  'show.uplinks': { params: { interface?: string }; result: UplinkStatus[] };
  'show.members': { params: { interface?: string }; result: MemberStatus[] };
  /** A page may have few rows, or none, before the last one. */
  'show.membersPage': { params: PageParams; result: Page<MemberStatus> };
  'show.registry': { params: { interface?: string }; result: RegistryStatus[] };
  /** Revokes the key of a member found in the registry, for good. */
  'member.revoke': { params: { name: string; interface?: string }; result: MemberRevoked };
  'show.system': { params: Record<string, never>; result: SystemInfo };
  'clear.counters': { params: { interface?: string; peer?: string }; result: null };
  /** Removes learned entries, so that stations are learned anew. */
  'clear.macTable': { params: MacClearFilter; result: MacsCleared[] };
  /** Ends the session and starts a new handshake. */
  'clear.peer': { params: { peer: string; interface?: string }; result: null };
  /** Why the peer's frames take the link they take, link by link. */
  'explain.peer': { params: { peer: string; interface?: string }; result: PeerExplained };
  'explain.flows': { params: { peer: string; interface?: string }; result: FlowsExplained };
  wait: { params: WaitParams; result: WaitResult };
  /** Begins to copy packets for this connection, until `capture.close` or its end. Told to all as an event. */
  'capture.open': { params: CaptureParams; result: CaptureOpened };
  /** What was captured since the last answer; waits for the first packet. Reads only captures of this connection. */
  'capture.read': { params: CaptureReadParams; result: CaptureRead };
  /** Ends a capture of this connection; no error when it has ended already. */
  'capture.close': { params: { id: number }; result: null };
  ping: { params: PingParams; result: PingResult };
  /** What lies on the way of a link. One trace runs at a time on an interface. */
  trace: { params: TraceParams; result: TraceResult };
  /** Begins a bandwidth test, which ends by itself, with this connection, or by `bandwidth.stop`. */
  'bandwidth.start': { params: BandwidthParams; result: BandwidthStarted };
  /** The report after the first `seen` ones; waits for it. Null: the one before was the last. */
  'bandwidth.read': { params: { id: number; seen: number }; result: BandwidthReport | null };
  /** Ends a test of this connection; no error when it has ended already. */
  'bandwidth.stop': { params: { id: number }; result: null };
  complete: { params: CompleteParams; result: string[] };
  /** Ends another request of this connection early, which then fails; no error when it has ended already. */
  cancel: { params: { id: number | string }; result: null };
  'events.subscribe': { params: Record<string, never>; result: null };
  'events.unsubscribe': { params: Record<string, never>; result: null };
}

export type MethodName = keyof Methods;
