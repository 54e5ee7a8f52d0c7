/** The NOTICE: a link is down, or the peer ends. */

/** Body of a NOTICE: byte offsets from the kind byte. Integers are big-endian. */
export const NOTICE = { CODE: 1, LINK: 2, ACKNOWLEDGED: 4, LANE: 12, BYTES: 20 } as const;
export const NOTICE_CODE = { LINK_DOWN: 1, GOODBYE: 2 } as const;
