/** The SEGMENT: one slice of a super-frame. */

/** Body of a SEGMENT: one slice of a super-frame with the super-frame's own headers. */
export const SEGMENT = {
  KIND: 0,
  /** Virtio GSO type. */
  GSO_TYPE: 1,
  /** Equal for all segments of one super-frame. */
  SUPER_ID: 2,
  INDEX: 4,
  COUNT: 6,
  /** Payload bytes of every segment but the last. */
  GSO_SIZE: 8,
  HEADER_LENGTH: 10,
  BYTES: 11,
} as const;

/** What follows that when the super-frame is in a tunnel over UDP: where its UDP header and the IP header inside it lie. */
export const TUNNEL_SEGMENT = { TUNNEL_L4: 11, INNER_L3: 12, BYTES: 13 } as const;

/** Bits of a GSO type that say that a super-frame is in a tunnel over UDP. */
export const TUNNEL_TYPES = 0x60;

/** Whether a GSO type is that of a super-frame in a tunnel over UDP. */
export function isTunnel(gsoType: number): boolean {
  return (gsoType & TUNNEL_TYPES) !== 0;
}

/** Length of a SEGMENT up to the super-frame's headers. */
export function segmentBytes(gsoType: number): number {
  return isTunnel(gsoType) ? TUNNEL_SEGMENT.BYTES : SEGMENT.BYTES;
}
