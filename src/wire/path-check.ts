/** PATH_CHECK and PATH_ANSWER: whether the peer really is at an address. */

/** Body of a PATH_CHECK or PATH_ANSWER: byte offsets from the kind byte. Integers are big-endian. */
export const PATH_CHECK = { LINK: 1, TOKEN: 4, TOKEN_BYTES: 8, BYTES: 12 } as const;
