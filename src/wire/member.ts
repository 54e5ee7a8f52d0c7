/** The MEMBER: what is told of members (`src/member/messages.ts`). */

/** Body of a MEMBER: byte offsets from the kind byte; what follows is the control thread's business. */
export const MEMBER = { WHAT: 1, BYTES: 2 } as const;

/** Longest message, from its kind on: it fits the smallest datagram of a link. */
export const MAX_MEMBER_BYTES = 1190;
