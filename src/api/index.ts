/**
 * The control protocol: JSON-RPC 2.0, one message a line of UTF-8, over a Unix stream socket. This file is the
 * one definition that the daemon and its clients share; it holds types and constants only, so that importing
 * it costs a client nothing.
 *
 * Result objects are stable between releases. Numbers are raw, their unit ends the key (`rttSmoothedUs`,
 * `changedSecondsAgo`, `rxBytes`); what is not known is `null`, never a made-up zero.
 */

import type { AeadChoice, OffloadName, Policy } from '../config/model.js';
import type { LinkFacts } from '../contract/events.js';
import type { ConfigEvent, ConfigurationMethods } from './configuration.js';
import type { LinkHistory, LinkHistoryParams } from './history.js';
import type { LinkMethods } from './links.js';
import type { MetricFamily } from './metrics.js';
import type { PeerMtu } from './mtu.js';
import type { FlowsExplained, LinkState, LinkStatus, PeerExplained, PeerState, PeerStatus } from './peers.js';
import type { SystemInfo } from './system.js';

export * from './configuration.js';
export * from './history.js';
export * from './links.js';
export * from './metrics.js';
export * from './mtu.js';
export * from './peers.js';
export * from './system.js';

/**
 * Grows when a client of the older number could misread an answer. New methods, new keys of results and new optional
 * parameters do not count: a client ignores keys that it does not know, and a daemon answers `METHOD_NOT_FOUND`.
 */
export const PROTOCOL_VERSION = 1;
/** The oldest number that is still spoken, by daemon and client alike. */
export const OLDEST_PROTOCOL = 1;
export const PROTOCOL_NAME = 'octolink-control';
export const DEFAULT_SOCKET = '/run/octolink/octolink.sock';

/** Longest request line in bytes, newline included; a longer one ends the connection. */
export const MAX_REQUEST_BYTES = 1024 * 1024;
/** Requests in one JSON-RPC batch. */
export const MAX_BATCH = 32;

/** Error codes: the range below zero is JSON-RPC's own, the others are the exit codes of the CLI. */
export const ERROR = {
  PARSE: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL: -32603,
  /** The request was understood and could not be done (no such peer, timeout, system call refused). */
  FAILED: 1,
  /** A command line that the grammar refuses; `data` is `Problem[]`. */
  SYNTAX: 2,
  /** A configuration that contradicts itself; `data` is `Problem[]`. */
  BAD_CONFIG: 65,
  /** Another one holds what this needs (too many clients, a change under way): try again. */
  BUSY: 75,
  NOT_PERMITTED: 77,
} as const;

/** One thing wrong with a text, with its place. */
export interface Problem {
  /** 1-based; 0 when the problem belongs to no single line. */
  line: number;
  /** 1-based, in characters. */
  column: number;
  /** The line as it was given. */
  text: string;
  message: string;
}

export interface HelloParams {
  /** The newest number that the client speaks. */
  protocol: number;
  /** The oldest one; absent: only the newest. */
  oldestProtocol?: number;
  /** For the daemon's log, such as `octolink 0.1.0`. */
  client: string;
}

export interface HelloResult {
  name: typeof PROTOCOL_NAME;
  /** What this connection speaks: the newest number in common; the daemon's newest where there is none. */
  protocol: number;
  version: string;
  hostname: string;
  /** What this connection may do, by the credentials of its process. */
  privilege: Privilege;
}

export type Privilege = 'read' | 'admin';

export interface VersionInfo {
  version: string;
  protocol: number;
  /** Version of the datagrams between peers. */
  wireVersion: number;
  hostname: string;
  node: string;
  openssl: string;
  kernel: string;
  architecture: string;
  uptimeSeconds: number;
}

export interface InterfaceStatus {
  name: string;
  description: string | null;
  /** `no shutdown` was said. */
  enabled: boolean;
  state: 'up' | 'down';
  /** Why it is down; null when up. */
  cause: string | null;
  ifindex: number | null;
  mtu: number;
  mac: string | null;
  addresses: string[];
  bridge: string | null;
  /** Base64. */
  publicKey: string | null;
  listenPort: number;
  aead: AeadChoice;
  policy: Policy;
  workerAlive: boolean;
  offloads: { granted: OffloadName[]; forcedOff: OffloadName[] };
  /** Frames and bytes as the TAP counts them: rx came from the network, tx went into it. */
  rxFrames: number;
  rxBytes: number;
  txFrames: number;
  txBytes: number;
  drops: number;
  /** What is sent again when a link goes down: memory for a peer that sends much, and the age limit. */
  resendBufferBytes: number;
  resendAgeMs: number;
  peers: number;
  peersUp: number;
  links: number;
  linksUp: number;
}

export interface MacEntry {
  mac: string;
  /** 0: untagged. */
  vlan: number;
  interface: string;
  /** Name of the peer behind which the address lives; null: behind the TAP. */
  peer: string | null;
  ageSeconds: number | null;
  static: boolean;
}

/** One named counter of an interface, of one of its peers (`peer` set), or of one link (`link` set too). */
export interface Counter {
  interface: string;
  peer: string | null;
  link: number | null;
  name: string;
  value: number;
}

export interface DropCounter {
  interface: string;
  /** Stable, machine-friendly name such as `replayed`. */
  reason: string;
  count: number;
  /** What it means and what to do, one line. */
  help: string;
}

export interface PingParams {
  peer: string;
  /** Needed only where two interfaces have a peer of this name. */
  interface?: string;
  /** Absent: the way data would take. */
  link?: number;
  /** 1–1000. */
  count: number;
  /** Bytes of payload, 0–65000. */
  size: number;
  /** Milliseconds between probes, 10–10000. */
  intervalMs: number;
}

export interface PingResult {
  peer: string;
  interface: string;
  /** Round-trip time of each probe; null: no answer. */
  probes: { sequence: number; link: number | null; rttUs: number | null }[];
  sent: number;
  received: number;
  rttMinUs: number | null;
  rttMeanUs: number | null;
  rttMaxUs: number | null;
}

export interface WaitParams {
  /** Absent: wait for the interface itself, which must be named then. */
  peer?: string;
  interface?: string;
  /** Absent: wait for the peer itself. */
  link?: number;
  state: 'up' | 'down';
  /** 0–86400. */
  timeoutS: number;
}

export interface WaitResult {
  state: string;
  waitedMs: number;
}

/** Kinds of live names that completion can ask for. */
export type CompletionKind = 'interface' | 'peer' | 'link' | 'session';

export interface CompleteParams {
  kind: CompletionKind;
  /** Narrows `peer` to an interface and `link` to a peer. */
  interface?: string;
  peer?: string;
}

/** Asks for a part of a listing that may have tens of thousands of peers. */
export interface PageParams {
  interface?: string;
  /** `next` of the page before; absent: from the beginning. */
  cursor?: string;
  /** Peers on the page, 1–1000. */
  limit: number;
}

/** Rows of a page, and the cursor of the page behind it; null: there is none. */
export interface Page<Row> {
  rows: Row[];
  next: string | null;
}

/** A client of the control sockets. */
export interface ClientStatus {
  /** Number of the connection, as messages name it. */
  session: number | null;
  user: string;
  uid: number | null;
  pid: number | null;
  privilege: Privilege;
  /** What it calls itself; null before it has greeted. */
  client: string | null;
  connectedSeconds: number;
  /** Since its last request. */
  idleSeconds: number;
  /** It is this connection. */
  own: boolean;
}

export interface EventFilter {
  /** At most so many, the latest; absent: all that are kept. 1–10000. */
  last?: number;
  interface?: string;
  peer?: string;
  link?: number;
}

/** Every method with its parameters and its result. */
export interface Methods extends ConfigurationMethods, LinkMethods {
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
  /** Only links of which history is kept. Fails where there are more than 64: name a peer. */
  'show.linkHistory': { params: LinkHistoryParams; result: LinkHistory[] };
  'show.metrics': { params: Record<string, never>; result: MetricFamily[] };
  'show.macTable': { params: { interface?: string }; result: MacEntry[] };
  'show.counters': { params: { interface?: string; peer?: string }; result: Counter[] };
  'show.countersPage': { params: PageParams; result: Page<Counter> };
  'show.users': { params: Record<string, never>; result: ClientStatus[] };
  /** The events of the last hours, oldest first. */
  'show.events': { params: EventFilter; result: ControlEvent[] };
  /** Only reasons that have counted, unless `all`. */
  'show.drops': { params: { interface?: string; all?: boolean }; result: DropCounter[] };
  'show.system': { params: Record<string, never>; result: SystemInfo };
  'clear.counters': { params: { interface?: string; peer?: string }; result: null };
  /** Ends the session and starts a new handshake. */
  'clear.peer': { params: { peer: string; interface?: string }; result: null };
  /** Why the peer's frames take the link they take, link by link. */
  'explain.peer': { params: { peer: string; interface?: string }; result: PeerExplained };
  'explain.flows': { params: { peer: string; interface?: string }; result: FlowsExplained };
  wait: { params: WaitParams; result: WaitResult };
  ping: { params: PingParams; result: PingResult };
  complete: { params: CompleteParams; result: string[] };
  /** Ends another request of this connection early, which then fails; no error when it has ended already. */
  cancel: { params: { id: number | string }; result: null };
  'events.subscribe': { params: Record<string, never>; result: null };
  'events.unsubscribe': { params: Record<string, never>; result: null };
}

export type MethodName = keyof Methods;

/** What every pushed event carries. */
interface EventBase {
  /** Milliseconds since the epoch. */
  timeMs: number;
}

/**
 * An initiation was refused for its old timestamp; two hosts use one key; times of handshakes cannot be kept on disk; a
 * key file that was read again cannot be used.
 */
export type WarningName =
  | 'old-timestamp'
  | 'key-on-two-hosts'
  | 'handshake-time-not-kept'
  | 'key-file-refused';

export type ControlEvent = EventBase &
  (
    | { kind: 'interface'; interface: string; state: 'up' | 'down'; cause: string }
    | { kind: 'peer'; interface: string; peer: string; state: PeerState; cause: string }
    | ({
        kind: 'link';
        interface: string;
        peer: string;
        link: number;
        state: LinkState;
        cause: string;
        /** Cause and measurements in one line. */
        detail: string;
      } & LinkFacts)
    /** The search for the MTU of a path ended with another result; `beforeBytes` is null the first time. */
    | {
        kind: 'mtu';
        interface: string;
        peer: string;
        link: number;
        mtuBytes: number;
        beforeBytes: number | null;
      }
    | { kind: 'session'; interface: string; peer: string; what: 'established' | 'rekeyed' | 'ended' }
    /** Something is wrong that nobody asked about; `peer` is null where it concerns the interface as a whole. */
    | { kind: 'warning'; interface: string; peer: string | null; what: WarningName; detail: string }
    | { kind: 'config'; by: string; what: ConfigEvent }
    /** A commit awaits its confirmation; told when it begins and as its end comes near. */
    | { kind: 'unconfirmed'; by: string; secondsLeft: number }
    | { kind: 'lost'; count: number }
  );

/** Method name of the notification that carries a `ControlEvent` as its params. */
export const EVENT_NOTIFICATION = 'event';

export interface RequestMessage<M extends MethodName = MethodName> {
  jsonrpc: '2.0';
  id: number | string;
  method: M;
  params?: Methods[M]['params'];
}

export interface ErrorBody {
  code: number;
  message: string;
  data?: Problem[];
}

export type ResponseMessage =
  | { jsonrpc: '2.0'; id: number | string | null; result: unknown }
  | { jsonrpc: '2.0'; id: number | string | null; error: ErrorBody };

export interface EventMessage {
  jsonrpc: '2.0';
  method: typeof EVENT_NOTIFICATION;
  params: ControlEvent;
}
