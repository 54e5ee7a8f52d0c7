/** The file that carries what a switch knows from a daemon to the next. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type KeptMulticast,
  type KeptQuerier,
  type KeptRouter,
  MOST_QUERIERS,
  MOST_ROUTERS,
} from '../../src/daemon/interfaces/kept-multicast.js';
import {
  decodeStations,
  encodeStations,
  type Kept,
  type KeptStation,
  MOST_ENDS,
  MOST_STATIONS,
} from '../../src/daemon/interfaces/station-file.js';
import { PATH } from '../../src/native/ops.js';

const NOW = 5000e6;
const NOTHING: KeptMulticast = { queriers: [], routers: [] };
const PLACE = { boot: 'f0c2', tap: 7, config: 'interface octo0\n' };

const port = fc.integer({ min: 1, max: 65_535 });
const ends = fc.array(
  fc.record({
    key: fc.constantFrom('key of one', 'key of another'),
    link: fc.nat(7),
    words: fc
      .tuple(fc.constantFrom(4, 6), port, ...Array.from({ length: PATH.WORDS - 2 }, () => fc.integer()))
      .map((words): number[] => words),
  }),
);

const stations = fc.array(
  fc.record<KeptStation>({
    key: fc.constantFrom(null, 'key of one', 'key of another'),
    vlan: fc.nat(4095),
    high: fc.nat(0xffff),
    low: fc.nat(0xffffffff),
    heardUs: fc.integer({ min: 0, max: NOW }),
  }),
);

const kept = fc.constantFrom<KeptQuerier['port']>('tap', 'self', { key: 'key of one' });
const multicast = fc.record<KeptMulticast>({
  queriers: fc.array(
    fc.record<KeptQuerier>({
      vlan: fc.nat(4095),
      isIpv6: fc.boolean(),
      port: kept,
      address: fc.array(fc.integer(), { minLength: 4, maxLength: 4 }),
      high: fc.nat(0xffff),
      low: fc.nat(0xffffffff),
      holdUs: fc.nat(),
      untilUs: fc.nat(),
    }),
  ),
  routers: fc.array(fc.record<KeptRouter>({ port: kept, isIpv4: fc.boolean(), isIpv6: fc.boolean() })),
});

const everything = fc.record<Kept>({ stations, ends, multicast });

function only(...stations: KeptStation[]): Kept {
  return { stations, ends: [], multicast: NOTHING };
}

describe('the file of stations and ends', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(everything, (all) => {
        expect(decodeStations(encodeStations(PLACE, all, NOW), PLACE, NOW + 1e6)).toEqual(all);
      }),
    );
  });

  it('is refused with a sentence when a byte of it is another, or it ends too early', () => {
    fc.assert(
      fc.property(
        everything,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (all, seed, flip, cut) => {
          const file = encodeStations(PLACE, all, NOW);
          const at = seed % file.length;
          if (!cut) file[at] ^= flip;
          const wrong = cut ? file.subarray(0, at) : file;
          expect(() => decodeStations(wrong, PLACE, NOW)).toThrow(/^(the file|its checksum)/);
        },
      ),
    );
  });

  it('counts for the same boot, device and configuration only, and soon after', () => {
    const one: KeptStation = { key: null, vlan: 0, high: 0x200, low: 1, heardUs: NOW };
    const file = encodeStations(PLACE, only(one), NOW);
    expect(decodeStations(file, PLACE, NOW + 29e6)).toEqual(only(one));
    expect(decodeStations(file, PLACE, NOW + 31e6)).toBeNull();
    expect(decodeStations(file, PLACE, NOW - 1)).toBeNull();
    for (const other of [{ boot: 'f0c3' }, { tap: 8 }, { config: 'interface octo0\n mtu 1400\n' }])
      expect(decodeStations(file, { ...PLACE, ...other }, NOW)).toBeNull();
  });

  it('holds no more than it may', () => {
    const one: KeptStation = { key: null, vlan: 1, high: 0x200, low: 1, heardUs: 1 };
    const end = { key: 'key', link: 7, words: new Array(PATH.WORDS).fill(-(2 ** 31)) };
    Object.assign(end.words, { [PATH.FAMILY]: 6, [PATH.PORT]: 65_535 });
    const kept = {
      stations: new Array(MOST_STATIONS + 5).fill(one),
      ends: new Array(MOST_ENDS + 5).fill(end),
      multicast: NOTHING,
    };
    const back = decodeStations(encodeStations(PLACE, kept, NOW), PLACE, NOW);
    expect(back?.stations).toHaveLength(MOST_STATIONS);
    expect(back?.ends).toHaveLength(MOST_ENDS);
    expect(() => decodeStations(Buffer.alloc(100e6), PLACE, NOW)).toThrow('the file is too long');
  });

  it('is refused as a whole when an end in it cannot be', () => {
    const words = [4, 7700, ...new Array(PATH.WORDS - 2).fill(0)];
    const end = { key: 'key', link: 0, words };
    const wrong = [
      { ...end, link: 8 },
      { ...end, link: -1 },
      { ...end, words: words.slice(1) },
      { ...end, words: words.with(PATH.FAMILY, 5) },
      { ...end, words: words.with(PATH.PORT, 0) },
      { ...end, words: words.with(PATH.ADDR, 2 ** 40) },
    ];
    for (const one of wrong) {
      const file = encodeStations(PLACE, { ...only(), ends: [one] }, NOW);
      expect(() => decodeStations(file, PLACE, NOW)).toThrow('its second line is not as it should be');
    }
  });

  it('is refused as a whole when a querier or a router in it cannot be', () => {
    const querier: KeptQuerier = {
      ...{ vlan: 0, isIpv6: false, port: 'tap', address: [0, 0, 0xffff, 1] },
      ...{ high: 0x200, low: 1, holdUs: 260e6, untilUs: NOW },
    };
    const router: KeptRouter = { port: 'tap', isIpv4: true, isIpv6: false };
    const read = (multicast: unknown) => () =>
      decodeStations(
        encodeStations(PLACE, { ...only(), multicast: multicast as KeptMulticast }, NOW),
        PLACE,
        NOW,
      );
    expect(read({ queriers: [querier], routers: [router] })()?.multicast.queriers).toEqual([querier]);
    const wrong = [
      { vlan: 4096 },
      { isIpv6: 1 },
      { port: 'elsewhere' },
      { port: { key: 5 } },
      { address: [1] },
      { address: [0, 0, 0, 2 ** 32] },
      { high: 2 ** 16 },
      { low: -1 },
      { holdUs: -1 },
      { holdUs: 1e15 },
      { untilUs: null },
    ].map((part) => ({ queriers: [{ ...querier, ...part }], routers: [] }));
    const others = [
      undefined,
      {},
      { queriers: [null], routers: [] },
      { queriers: [], routers: [null] },
      { queriers: [], routers: [{ ...router, isIpv4: 'yes' }] },
      { queriers: new Array(MOST_QUERIERS + 1).fill(querier), routers: [] },
      { queriers: [], routers: new Array(MOST_ROUTERS + 1).fill(router) },
    ];
    for (const multicast of [...wrong, ...others])
      expect(read(multicast)).toThrow('its second line is not as it should be');
  });
});
