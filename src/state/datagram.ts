import { PATH, RECV } from '../native/ops.js';

/** Where a message came from: a socket, another peer that relays, or parity, which rebuilt it. */
export const ORIGIN = { SOCKET: 0, RELAY: 1, PARITY: 2 } as const;

/** Messages that arrived together; each is one datagram, or several joined by UDP GRO. */
export class MessageBatch {
  count = 0;

  /** `rows` are records of `RECV`, `sockets` has the socket row of each; `origin` is one of `ORIGIN`. */
  constructor(
    readonly origin: number,
    public rows: Int32Array,
    public sockets: Int32Array,
  ) {}

  /** Appends a message of one datagram; returns where in `rows` the words of its path begin. */
  add(offset: number, length: number, socket: number): number {
    const at = this.count * RECV.WORDS;
    this.rows[at + RECV.OFFSET] = offset;
    this.rows[at + RECV.LENGTH] = length;
    this.rows[at + RECV.SEGMENT] = length;
    this.sockets[this.count++] = socket;
    const path = at + RECV.PATH;
    this.rows.fill(0, path, path + PATH.WORDS);
    return path;
  }
}

/** The datagram in hand on its way in: one object, filled again for each, so that nothing is allocated. */
export class Datagram {
  /** Rows of the peer and of the session; row of the link by whose path it came, or -1; that link's id, or -1. */
  peer = -1;
  slot = -1;
  link = -1;
  linkId = -1;
  stream = 0;
  counter = 0;
  /** One of `ORIGIN`, and the row in its batch of the message that it came in. */
  origin: number = ORIGIN.SOCKET;
  message = 0;
  /** Its path: row of the socket, and where in `paths` its words of `PATH` begin. */
  socket = -1;
  paths: Int32Array = new Int32Array(0);
  path = 0;
  /** The whole of it as sealed: byte offset in the arena, and bytes. */
  offset = 0;
  length = 0;
  /** Where it is kept as it came, for parity to rebuild others of; -1 for nowhere. */
  ticket = -1;
  /** Its plaintext: byte offsets in the arena, from the kind byte to the end. */
  body = 0;
  end = 0;
  /** When it came, in µs. */
  now = 0;

  /** It came in row `message` of a batch: takes over origin and path. */
  cameIn(batch: MessageBatch, message: number): this {
    this.origin = batch.origin;
    this.message = message;
    this.socket = batch.sockets[message];
    this.paths = batch.rows;
    this.path = message * RECV.WORDS + RECV.PATH;
    return this;
  }
}
