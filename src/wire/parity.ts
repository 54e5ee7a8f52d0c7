/** The PARITY: what rebuilds a lost datagram of a group. */
import { TAG_BYTES } from './header.js';

/**
 * Body of a PARITY: which datagrams of a stream it covers, the XOR of their lengths and of their bytes, both
 * without the outer header.
 */
export const PARITY = { KIND: 0, STREAM: 1, LENGTHS: 2, MASK: 4, FIRST: 8, BYTES: 16 } as const;

/** What a covered datagram must be smaller by for its parity to fit the path: header of the one, tag of the other. */
export const PARITY_ROOM = PARITY.BYTES + TAG_BYTES;
