/** What `show system` says. */
import type { OffloadName } from '../config/model.js';

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
