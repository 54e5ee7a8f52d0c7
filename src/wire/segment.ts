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
