/** What `show version`, `show system` and `show users` say. */
import type { OffloadName } from './config.js';
import type { Privilege } from './protocol.js';
import type { BuildFacts } from './version.js';

export interface WorkerStatus {
  interface: string;
  alive: boolean;
  scheduling: 'realtime' | 'normal';
  /** Threads that share the large batches. */
  workers: number;
  /** Queues of the TAP: one for each of the workers, unless the device was made with fewer. */
  tapQueues: number;
  /** Lateness of the timer wake-ups: the worst since counters were cleared, and the last. */
  latenessMaxUs: number | null;
  latenessLastUs: number | null;
  batches: number;
}

export interface OffloadStatus {
  interface: string;
  offload: OffloadName;
  state: 'on' | 'refused by kernel' | 'self-test failed' | 'forced off';
}

export interface SocketStatus {
  interface: string;
  /** Local address and port. */
  local: string;
  device: string | null;
  receiveBufferBytes: number;
  sendBufferBytes: number;
}

/** What the clients of an interface with a file of authorized keys cost. */
export interface ClientLoad {
  interface: string;
  /** Clients in the file, and those that have rows: connected, or gone a short time ago. */
  clientsKnown: number;
  clientsPresent: number;
  /** Of the last seconds, peers with a block included. */
  heartbeatsPerSecond: number;
  handshakeMessagesPerSecond: number;
  /**
   * Initiations a second from which senders must prove their addresses (remote ends of links count apart from others), and how
   * many a second of one address then begin a handshake.
   */
  unprovedHandshakesPerSecond: number;
  handshakesPerSecondOfAddress: number;
  /** Heartbeats a second that clients may take. */
  heartbeatBudget: number;
  /** The shortest interval that clients are allowed so that they keep to it; null while any is. */
  shortestIntervalMs: number | null;
  /**
   * Bytes by which the process has grown for each client that is present, since the first one came: what they keep, what
   * their traffic has left behind, and garbage. Null for fewer than a hundred.
   */
  residentBytesPerClient: number | null;
}

/**
 * What one peer holds, in bytes: worked out from the tables, objects and keys that there are, without garbage and what is kept free.
 */
export interface PeerMemory {
  interface: string;
  /**
   * `authorized`: may come by `authorized-keys` and has not; `configured`: without a session; `idle`: with one and a few heartbeats;
   * `busy`: more than 255 datagrams have come in one of its sessions.
   */
  state: 'authorized' | 'configured' | 'idle' | 'busy';
  /** How many are in this state. */
  peers: number;
  bytesEach: number;
  /** Of these: rows of tables, objects of both threads, and session keys. */
  rowBytes: number;
  objectBytes: number;
  keyBytes: number;
}

export interface SystemInfo {
  uptimeSeconds: number;
  pid: number;
  version: string;
  node: string;
  openssl: string;
  kernel: string;
  hardwareAes: boolean;
  /** The library that does AES-256-GCM, and its version where that is not `openssl`. */
  aesLibrary: string;
  memoryRssBytes: number;
  memoryHeapBytes: number;
  openFiles: number;
  openFilesLimit: number | null;
  clients: number;
  /** Peers and clients that have rows, and resident memory for each; null under 100, where it says nothing. */
  peers: number;
  memoryBytesPerPeer: number | null;
  clientLoads: ClientLoad[];
  peerMemory: PeerMemory[];
  workers: WorkerStatus[];
  offloads: OffloadStatus[];
  sockets: SocketStatus[];
}

export interface VersionInfo {
  version: string;
  /** What the running daemon was packed as; null: built from source. */
  build: BuildFacts | null;
  protocol: number;
  /** Version of the datagrams between peers. */
  wireVersion: number;
  /** Hash of the native addon in use, in hex. */
  addonSha256: string;
  hostname: string;
  node: string;
  openssl: string;
  kernel: string;
  architecture: string;
  uptimeSeconds: number;
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
