/** A naive second opinion on where a link is: all facts in lists, everything worked out from the start each time. */
import type { Address, InterfaceFacts, LocalWish, Route } from '../../src/contract/place.js';
import type { Aim, Wish } from '../../src/link/life/place.js';
import type { Place, PlaceCause } from '../../src/link/life/situation.js';

export const TAP = 2;
export const ANY: LocalWish = { kind: 'any' };

export function v4(...bytes: number[]): Address {
  return { family: 4, words: [...new Int32Array(Uint8Array.from(bytes).buffer), 0, 0, 0] };
}

/** An address of 2001:db8::/64. */
export function v6(last: number, first = [0x20, 0x01, 0x0d, 0xb8]): Address {
  const bytes = new Uint8Array(16);
  bytes.set(first);
  bytes[15] = last;
  return { family: 6, words: [...new Int32Array(bytes.buffer)] };
}

export const linkLocal = (last: number) => v6(last, [0xfe, 0x80]);

export interface Facts {
  tap: number;
  ipv6: boolean;
  interfaces: Map<number, InterfaceFacts>;
  addresses: { index: number; address: Address }[];
  duplicates: { index: number; address: Address }[];
}

export interface Link {
  wish: Wish;
  aim: Aim | null;
  route: Route;
}

const same = (a: Address, b: Address) =>
  a.family === b.family && a.words.every((word, index) => word === b.words[index]);

export const isLinkLocal = (address: Address | null) =>
  address?.family === 6 && (address.words[0] & 0xc0ff) === 0x80fe;

/** What a link's place is by the facts alone, whatever has been heard. */
export function placeByFacts(facts: Facts, { wish, aim, route }: Link): Place {
  const named = (name: string) =>
    [...facts.interfaces].filter(([, { names }]) => names.includes(name)).map(([index]) => index)[0] ?? 0;
  const holding = (address: Address) =>
    facts.addresses
      .filter((held) => same(held.address, address))
      .map(({ index }) => index)
      .sort((a, b) => a - b);
  const runs = (index: number) => facts.interfaces.get(index)?.running === true;
  const { local } = wish;
  const remote = aim?.remote ?? wish.remote;
  const family = remote?.family ?? (local.kind === 'address' ? local.address.family : 0);
  if (family === 6 && !facts.ipv6) return { binding: null, cause: 'no-ipv6' };
  const bound =
    local.kind === 'interface'
      ? local.name
      : local.kind === 'address' && isLinkLocal(local.address)
        ? local.zone
        : null;
  if (bound !== null && named(bound) === 0) return { binding: null, cause: 'interface-absent' };
  const holders = local.kind !== 'address' ? null : holding(local.address);
  let device = bound === null ? 0 : named(bound);
  if (bound === null && local.kind === 'address' && isLinkLocal(local.address))
    device = holders?.find(runs) ?? holders?.[0] ?? 0;
  let scope = local.kind === 'address' ? device : 0;
  if (isLinkLocal(remote)) {
    const meant = device || (wish.zone === null ? 0 : named(wish.zone));
    if (aim !== null && facts.interfaces.has(aim.ifindex)) scope = aim.ifindex;
    else scope = meant;
    if (scope === 0) return { binding: null, cause: 'interface-absent' };
  }
  const source = local.kind !== 'address' && aim?.local && holding(aim.local).length > 0 ? aim.local : null;
  const out = device || scope || (route.kind === 'via' ? route.ifindex : 0);
  const leaving = out === 0 ? (holders ?? []) : [out];
  const isDuplicate =
    local.kind === 'address' && facts.duplicates.some((held) => same(held.address, local.address));
  let cause: PlaceCause | null = null;
  if (holders !== null && (device === 0 ? holders.length === 0 : !holders.includes(device)))
    cause = isDuplicate ? 'address-duplicate' : 'address-absent';
  else if (leaving.length > 0 && !leaving.some(runs)) cause = 'no-carrier';
  else if (remote === null) cause = wish.name === null ? 'path-unknown' : 'name-unresolved';
  else if (leadsOnlyTo(facts, out)) cause = 'recursive-route';
  else if (route.kind === 'none') cause = 'no-route';
  return { binding: { device, source, scope }, cause };
}

/** The interfaces that can be reached from one downwards all end in the TAP. */
function leadsOnlyTo(facts: Facts, index: number, above: readonly number[] = []): boolean {
  if (index === facts.tap) return true;
  const found = facts.interfaces.get(index);
  if (found === undefined || found.isVrf || above.includes(index)) return false;
  const below =
    found.lower !== 0
      ? [found.lower]
      : [...facts.interfaces]
          .filter(([, { master }]) => master === index && index !== 0)
          .map(([port]) => port);
  return below.length > 0 && below.every((next) => leadsOnlyTo(facts, next, [...above, index]));
}
