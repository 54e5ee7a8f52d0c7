/** What the far end reports on a link, and what its sender knows of the moment it speaks of. Filled again for each report. */
export class Report {
  /** One above the highest counters that came: of the link's own stream, and of the lane by this link. */
  own = 0;
  lane = 0;
  /** Datagrams (low 32 bits) and bytes that came in all. */
  datagrams = 0;
  bytes = 0;
  /** When the last frame came, by the far end's clock in µs (low 32 bits). */
  receivedAt = 0;
}

/** What a report means to its sender. Times in µs. */
export class Arrival {
  /** Receive time less send time of the last datagram that arrived. */
  delay = 0;
  /** When that one came, by the receiver's clock. */
  receivedAt = 0;
  /** Bytes and datagrams that the receiver got in all. */
  bytes = 0;
  arrived = 0;
  /** Datagrams that had left with that last one, and when it left. */
  sent = 0;
  sentAt = 0;
  /** Bytes sent after it. */
  sentSince = 0;
  /** Longest time between two sends since the report before. */
  gap = 0;
  /** Longest wait for the link that what was sent since then had before it. */
  wait = 0;
  /** Round-trip time of the link. */
  rtt = 0;
}
