/** Places against a model, over steps at random. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address, InterfaceFacts } from '../../src/contract/place.js';
import { Places } from '../../src/link/life/place.js';
import {
  ANY,
  type Facts,
  isLinkLocal,
  type Link,
  linkLocal,
  placeByFacts,
  TAP,
  v4,
  v6,
} from './place-model.js';

const NAMES = ['va0', 'va1', 'br0'];
const INDEXES = [TAP, 10, 11, 12];
const ADDRESSES = [v4(10, 91, 0, 1), v4(10, 91, 1, 1), v6(1), linkLocal(1)];
const REMOTES = [v4(10, 91, 0, 2), v6(2), linkLocal(2)];
const LINKS = [0, 1, 2];

type Step =
  | { do: 'link'; index: number; facts: InterfaceFacts }
  | { do: 'gone'; index: number }
  | { do: 'address'; index: number; address: Address; isPresent: boolean; isDuplicate: boolean }
  | { do: 'ipv6'; isThere: boolean }
  | { do: 'route'; link: number; route: Link['route'] }
  | { do: 'aim'; link: number; aim: Link['aim'] }
  | { do: 'configure'; link: number; wish: Link['wish'] }
  | { do: 'heard'; link: number }
  | { do: 'remove'; link: number }
  | { do: 'dump' };

const index = fc.constantFrom(...INDEXES);
const maybeIndex = fc.constantFrom(0, ...INDEXES);
const facts = fc.record({
  names: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 2 }),
  running: fc.boolean(),
  master: maybeIndex,
  lower: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, maybeIndex),
  isVrf: fc.boolean(),
});
const wish = fc.record({
  local: fc.oneof(
    fc.constant(ANY),
    fc.record({
      kind: fc.constant('address' as const),
      address: fc.constantFrom(...ADDRESSES),
      zone: fc.option(fc.constantFrom(...NAMES)),
    }),
    fc.record({ kind: fc.constant('interface' as const), name: fc.constantFrom(...NAMES) }),
  ),
  remote: fc.option(fc.constantFrom(...REMOTES)),
  zone: fc.option(fc.constantFrom(...NAMES)),
  name: fc.option(fc.constant('osaka.example')),
});
const link = fc.constantFrom(...LINKS);
const route = fc.oneof(
  fc.constantFrom({ kind: 'unknown' as const }, { kind: 'none' as const }),
  index.map((ifindex) => ({ kind: 'via' as const, ifindex })),
);
const aim = fc.option(
  fc.record({
    remote: fc.constantFrom(...REMOTES),
    local: fc.option(fc.constantFrom(...ADDRESSES)),
    ifindex: maybeIndex,
  }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('link' as const), index, facts }) },
  fc.record({ do: fc.constant('gone' as const), index }),
  {
    weight: 3,
    arbitrary: fc
      .record({
        do: fc.constant('address' as const),
        index,
        address: fc.constantFrom(...ADDRESSES),
        state: fc.constantFrom('present', 'absent', 'duplicate'),
      })
      .map(({ state, ...more }) => ({
        ...more,
        isPresent: state === 'present',
        isDuplicate: state === 'duplicate',
      })),
  },
  fc.record({ do: fc.constant('ipv6' as const), isThere: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('route' as const), link, route }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('aim' as const), link, aim }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('configure' as const), link, wish }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('heard' as const), link }) },
  fc.record({ do: fc.constant('remove' as const), link }),
  fc.constant({ do: 'dump' as const }),
);

/** Places beside the model, carried along together. */
class Pair {
  readonly places = new Places(TAP);
  readonly links = new Map<number, Link>();
  readonly facts: Facts = { tap: TAP, ipv6: true, interfaces: new Map(), addresses: [], duplicates: [] };

  constructor() {
    this.places.fact({ what: 'begin' });
    this.places.fact({ what: 'end' });
  }

  run(given: Step): void {
    const { places, links } = this;
    switch (given.do) {
      case 'link': {
        // The kernel has each name once.
        for (const [index, { names }] of [...this.facts.interfaces]) {
          const isHolder = names.some((name) => given.facts.names.includes(name));
          if (isHolder && index !== given.index) this.run({ do: 'gone', index });
        }
        places.fact({ what: 'interface', index: given.index, facts: given.facts });
        this.facts.interfaces.set(given.index, given.facts);
        return;
      }
      case 'gone':
        places.fact({ what: 'interface-gone', index: given.index });
        this.facts.interfaces.delete(given.index);
        this.facts.addresses = this.facts.addresses.filter(({ index }) => index !== given.index);
        this.facts.duplicates = this.facts.duplicates.filter(({ index }) => index !== given.index);
        return;
      case 'address': {
        places.fact({
          what: 'address',
          index: given.index,
          address: given.address,
          isPresent: given.isPresent,
          isDuplicate: given.isDuplicate,
        });
        const isOther = ({ index, address }: { index: number; address: Address }) =>
          index !== given.index || address !== given.address;
        const isKnown = this.facts.interfaces.has(given.index);
        for (const [list, isThere] of [
          ['addresses', given.isPresent],
          ['duplicates', given.isDuplicate],
        ] as const) {
          const others = this.facts[list].filter(isOther);
          this.facts[list] = isThere && isKnown ? [...others, given] : others;
        }
        return;
      }
      case 'ipv6':
        places.ipv6(given.isThere);
        this.facts.ipv6 = given.isThere;
        return;
      case 'route':
        places.route(given.link, given.route);
        if (links.has(given.link)) (links.get(given.link) as Link).route = given.route;
        return;
      case 'aim':
        places.aim(given.link, given.aim);
        this.reaim(given.link, given.aim);
        return;
      case 'configure':
        places.configure(given.link, given.wish);
        this.rewish(given.link, given.wish);
        return;
      case 'heard':
        return places.heard(given.link);
      case 'remove':
        places.remove(given.link);
        links.delete(given.link);
        return;
      case 'dump':
        return this.dump();
    }
  }

  /** What is routed says nothing of another end. */
  private reaim(link: number, aim: Link['aim']): void {
    const found = this.links.get(link);
    if (found === undefined || JSON.stringify(found.aim) === JSON.stringify(aim)) return;
    this.links.set(link, { ...found, aim, route: { kind: 'unknown' } });
  }

  private rewish(link: number, wish: Link['wish']): void {
    const before = this.links.get(link);
    if (JSON.stringify(before?.wish) === JSON.stringify(wish)) return;
    const isSameRemote = (['remote', 'zone', 'name'] as const).every(
      (end) => JSON.stringify(before?.wish[end]) === JSON.stringify(wish[end]),
    );
    this.links.set(link, {
      wish,
      aim: isSameRemote ? (before?.aim ?? null) : null,
      route: { kind: 'unknown' },
    });
  }

  /** The kernel tells everything over again. */
  private dump(): void {
    this.places.fact({ what: 'begin' });
    for (const [index, facts] of this.facts.interfaces) this.places.fact({ what: 'interface', index, facts });
    for (const { index, address } of this.facts.addresses)
      this.places.fact({ what: 'address', index, address, isPresent: true, isDuplicate: false });
    for (const { index, address } of this.facts.duplicates)
      this.places.fact({ what: 'address', index, address, isPresent: false, isDuplicate: true });
    this.places.fact({ what: 'end' });
  }
}

const steps = fc.array(step, { minLength: 1, maxLength: 60 });

describe('properties', () => {
  it('a place is what the facts say, or better where a beat was heard; never the other way', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const pair = new Pair();
        for (const next of given) {
          pair.run(next);
          pair.places.settle();
          for (const [link, found] of pair.links) {
            const byFacts = placeByFacts(pair.facts, found);
            const place = pair.places.of(link);
            expect(place?.binding).toEqual(byFacts.binding);
            if (place?.cause === null) continue;
            expect(place?.cause).toBe(byFacts.cause);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('without beats it is what the facts say, in whatever order they came', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const pair = new Pair();
        for (const next of given) if (next.do !== 'heard') pair.run(next);
        pair.places.settle();
        for (const [link, found] of pair.links) {
          expect(pair.places.of(link)).toEqual(placeByFacts(pair.facts, found));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('a change is told once, and only where something has changed', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const pair = new Pair();
        const told = new Map<number, unknown>();
        for (const next of given) {
          pair.run(next);
          if (next.do === 'remove') told.delete(next.link);
          for (const link of pair.places.settle()) {
            const place = pair.places.of(link);
            expect(place).not.toEqual(told.get(link));
            told.set(link, place);
          }
          for (const link of pair.links.keys()) expect(told.get(link)).toEqual(pair.places.of(link));
          expect(pair.places.settle()).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('only link-local ends name an interface to leave by', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const pair = new Pair();
        for (const next of given) pair.run(next);
        pair.places.settle();
        for (const [link, { wish, aim }] of pair.links) {
          const scope = pair.places.of(link)?.binding?.scope ?? 0;
          if (scope === 0) continue;
          const remote = aim?.remote ?? wish.remote;
          const local = wish.local.kind === 'address' ? wish.local.address : null;
          expect(isLinkLocal(remote) || isLinkLocal(local)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
