/** Why nothing gets to a remote end, as routers and hosts say by ICMP. */

/** RFC 792, RFC 1122, RFC 1812: codes of Destination Unreachable. */
const REASONS_4: Record<number, string> = {
  0: 'no route to the network',
  1: 'no route to the host',
  3: 'the UDP port is closed',
  9: 'the network is forbidden',
  10: 'the host is forbidden',
  13: 'forbidden by a firewall',
};
/** RFC 4443. */
const REASONS_6: Record<number, string> = {
  0: 'no route to the host',
  1: 'forbidden by a firewall',
  3: 'the host does not answer on its own network',
  4: 'the UDP port is closed',
  5: 'the source address is forbidden',
};
const CLOSED = { 4: 3, 6: 4 } as const;
const FORBIDDEN: { readonly [family: number]: readonly number[] } = { 4: [9, 10, 13], 6: [1, 5] };

/** In words; `from`: who says so, words of a `PATH`. */
export function unreachableReason(from: readonly number[] | null, code: number): string {
  const reasons = from?.[0] === 6 ? REASONS_6 : REASONS_4;
  return reasons[code] ?? `it cannot be reached (ICMP code ${code})`;
}

/** What kind of reason it is. */
export function unreachableKind(
  from: readonly number[],
  code: number,
): 'port closed' | 'forbidden' | 'unreachable' {
  const family = from[0] === 6 ? 6 : 4;
  if (code === CLOSED[family]) return 'port closed';
  return FORBIDDEN[family].includes(code) ? 'forbidden' : 'unreachable';
}
