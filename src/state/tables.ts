/** The rows that most parts of the datapath work on. */
import type { LinkTable } from './links.js';
import type { PeerTable } from './peers.js';
import type { SessionTable } from './sessions.js';
import type { SocketTable } from './sockets.js';

export interface Tables {
  readonly peers: PeerTable;
  readonly links: LinkTable;
  readonly sessions: SessionTable;
  readonly sockets: SocketTable;
}
