/** OWN_ADDRESS: an address that the sender has where one of its links leaves. */

/** Body of an OWN_ADDRESS: byte offsets from the kind byte. An IPv4 address takes the first four bytes of `ADDRESS`. */
export const OWN_ADDRESS = { LINK: 1, FAMILY: 2, ADDRESS: 4, BYTES: 20 } as const;
