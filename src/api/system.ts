/** What `show version`, `show system` and `show users` say. */
import type { OffloadName } from './config.js';
import type { Privilege } from './protocol.js';

export interface WorkerStatus {
  interface: string;
  alive: boolean;
  scheduling: 'realtime' | 'normal';
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

export interface SystemInfo {
  uptimeSeconds: number;
  pid: number;
  version: string;
  node: string;
  openssl: string;
  kernel: string;
  hardwareAes: boolean;
  memoryRssBytes: number;
  memoryHeapBytes: number;
  openFiles: number;
  openFilesLimit: number | null;
  clients: number;
  workers: WorkerStatus[];
  offloads: OffloadStatus[];
  sockets: SocketStatus[];
}

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
