/** The figures of a run. Times in ms unless their names say otherwise. */

/** Clients up, and the server's memory, at a time since the phase began. */
export interface Point {
  ms: number;
  up: number;
  residentMiB: number;
}

/** Shares of one processor, in percent, over a phase. */
export interface Shares {
  serverControl: number;
  serverWorker: number;
  server: number;
  generator: number;
}

/** All clients on their way up. */
export interface JoinFigures {
  /** From the server's start until it answers. */
  startMs: number;
  /** From then, or from the clients' first call, until all are up. */
  allUpMs: number;
  up: number;
  handshakesPerSecond: number;
  /** For each second of processor time of the control thread. */
  handshakesPerControlSecond: number;
  /** What X25519 alone allows one core, measured meanwhile. */
  boundPerSecond: number;
  retries: number;
  cookies: number;
  residentMiB: number;
  /** What the process has grown by for each client, and what the server says that an idle one holds. */
  bytesPerClient: number;
  bytesHeldByClient: number;
  shares: Shares;
  points: Point[];
}

export interface IdleFigures {
  seconds: number;
  beatsPerSecond: number;
  up: number;
  residentMiB: number;
  shares: Shares;
}

/** Clients that leave and come back, or move, some at a time. */
export interface MoveFigures {
  clients: number;
  allUpMs: number;
  othersLost: number;
  shares: Shares;
}

export interface BroadcastFigures {
  frames: number;
  copies: number;
  expected: number;
  /** Until the last copy had come, the worst. */
  lastCopyMs: number;
}

export interface UnicastFigures {
  framesPerSecond: number;
  lost: number;
  /** Frames for each ms of processor time of the worker, beyond what it takes without them. */
  framesPerWorkerMs: number;
  shares: Shares;
}

/** One TCP stream between two clients that are real daemons. */
export interface TcpFigures {
  gbitPerSecond: number;
  /** For each second of processor time of the server's worker, beyond what it takes without the stream. */
  gbitPerWorkerSecond: number;
  /** Gbit/s for each processor of which an idle server and its clients leave this much: all run on the same machine. */
  gbitPerFreeCore: number;
}

export interface ListingFigures {
  rows: number;
  ms: number;
  slowestPageMs: number;
  /** Of frames every ms meanwhile. */
  worstFrameMs: number;
  /** The latest wake-up of the server's worker meanwhile: for so long it had no processor. */
  workerLateMs: number;
  missing: number;
  shares: Shares;
}

export interface ShowFigures {
  /** Without a listing, over a second. */
  quietWorstFrameMs: number;
  peers: ListingFigures;
  macTable: ListingFigures;
}

export interface SwarmFigures {
  clients: number;
  machine: string;
  intervalMs: number;
  emptyResidentMiB: number;
  join: JoinFigures;
  unicastOfTwo?: UnicastFigures;
  tcpOfTwo?: TcpFigures;
  idle?: IdleFigures;
  churn?: MoveFigures;
  roam?: MoveFigures;
  broadcast?: BroadcastFigures;
  unicast?: UnicastFigures;
  tcp?: TcpFigures;
  show?: ShowFigures;
  restart?: JoinFigures;
  /** What the server has dropped until it was restarted or the run ended, by reason. */
  drops: Record<string, number>;
}
