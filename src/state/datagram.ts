/** The datagram in hand on its way in: one object, filled again for each, so that nothing is allocated. */
export class Datagram {
  /** Rows of the peer and of the session; row of the link by whose path it came, or -1. */
  peer = -1;
  slot = -1;
  link = -1;
  stream = 0;
  counter = 0;
  /** Its path: row of the socket, and where in `paths` its words of `PATH` begin. */
  socket = -1;
  paths: Int32Array = new Int32Array(0);
  path = 0;
  /** Its plaintext: byte offsets in the arena, from the kind byte to the end. */
  body = 0;
  end = 0;
  /** When it came, in µs. */
  now = 0;
}
