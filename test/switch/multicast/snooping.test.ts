import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KnownMulticast, QuerierRow } from '../../../src/contract/answers.js';
import { DROP_NAMES } from '../../../src/contract/drops.js';
import type { MulticastSettings } from '../../../src/contract/multicast-settings.js';
import { Frame } from '../../../src/switch/frame.js';
import { LOCAL_PORT } from '../../../src/switch/mac-table.js';
import { IpAddress } from '../../../src/switch/multicast/address.js';
import { MOST_OF_PORT } from '../../../src/switch/multicast/group-table.js';
import { recallMulticast } from '../../../src/switch/multicast/known-multicast.js';
import { GroupMessage, MESSAGE } from '../../../src/switch/multicast/message.js';
import { Snooping } from '../../../src/switch/multicast/snooping.js';
import { MOST_ROUNDS } from '../../../src/switch/multicast/solicitation.js';
import { dropReason, FLOOD, isDrop, SELECTED } from '../../../src/switch/verdicts.js';
import {
  data,
  HOST6,
  igmpOf,
  igmpQuery,
  ip4,
  ip6,
  join,
  leave,
  mldQuery,
  RECORD,
  report,
  tagged,
} from '../../sim/memberships.js';

const SECOND = 1e6;
const GROUP = ip4('239.1.2.3');
const OTHER = ip4('239.1.2.4');
const ROUTER = ip4('10.0.0.1');

const SETTINGS: MulticastSettings = {
  snooping: true,
  floodsUnregistered: true,
  fastLeave: false,
  localRouter: false,
  querier: null,
};

/** A switch with peers 0–3, in a mesh unless `forwards`; `of` tells where a frame goes. */
function made(settings: Partial<MulticastSettings> = {}, forwards = false, isolated: number[] = []) {
  const bytes = new Uint8Array(2000);
  const sent: Uint8Array[] = [];
  const passage = {
    forwards,
    mayPass: (from: number) => forwards || from === LOCAL_PORT,
    reachesAll: (port: number) => !isolated.includes(port),
  };
  const out = { flood: (frame: Uint8Array, length: number) => sent.push(frame.slice(0, length)) };
  const snooping = new Snooping(bytes, passage, out as never, [1, 2]);
  snooping.configure({ ...SETTINGS, ...settings }, 0);
  for (let peer = 0; peer < 4; peer++) snooping.setPeer(peer, false, 0);
  const frame = new Frame();
  const of = (port: number, content: Uint8Array, now: number): number[] | string => {
    bytes.set(content);
    const vlan = content[12] === 0x81 ? content[15] : 0;
    const verdict = snooping.decide(port, frame.place(0, content.length), vlan, now);
    if (verdict === FLOOD) return 'flood';
    if (isDrop(verdict)) return DROP_NAMES[dropReason(verdict)];
    if (verdict !== SELECTED) return [verdict];
    return Array.from({ length: snooping.selected.size }, (_, index) => snooping.selected.at(index)).sort(
      (a, b) => a - b,
    );
  };
  return { snooping, of, sent };
}

/** The same, asked by a router behind the TAP at 0; from 10 s on its memberships count. */
function settled(settings: Partial<MulticastSettings> = {}, forwards = false) {
  const world = made(settings, forwards);
  world.of(LOCAL_PORT, igmpQuery(ROUTER), 0);
  world.of(LOCAL_PORT, mldQuery(HOST6), 0);
  return world;
}

describe('snooping', () => {
  it('floods until a querier is known and those asked have had the time to answer', () => {
    const { of } = made();
    of(1, join(GROUP), 0);
    expect(of(LOCAL_PORT, data(GROUP), SECOND)).toBe('flood');
    of(2, igmpQuery(ROUTER), 2 * SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 11 * SECOND)).toBe('flood');
    expect(of(LOCAL_PORT, data(GROUP), 12 * SECOND)).toEqual([1, 2]);
  });

  it('floods again once the querier is silent, also when it went with its peer', () => {
    const world = made();
    world.of(2, igmpQuery(ROUTER), 0);
    for (let at = 0; at < 4; at++) world.of(1, join(GROUP), at * 100 * SECOND);
    expect(world.of(LOCAL_PORT, data(GROUP), 259 * SECOND)).toEqual([1, 2]);
    expect(world.of(LOCAL_PORT, data(GROUP), 260 * SECOND)).toBe('flood');
    const gone = made();
    gone.of(2, igmpQuery(ROUTER), 0);
    gone.of(1, join(GROUP), 0);
    gone.snooping.peerRemoved(2);
    expect(gone.of(LOCAL_PORT, data(GROUP), 20 * SECOND)).toBe('flood');
  });

  it('floods again once a port may have no querier, and sends it no more than it asked for', () => {
    const world = settled();
    world.of(1, join(GROUP), 0);
    world.of(2, igmpQuery(ip4('10.0.0.0')), SECOND);
    expect(world.of(LOCAL_PORT, data(GROUP), 12 * SECOND)).toEqual([1, 2]);
    world.snooping.disbelieve(2);
    expect(world.of(LOCAL_PORT, data(GROUP), 12 * SECOND)).toBe('flood');
    world.of(LOCAL_PORT, igmpQuery(ROUTER), 13 * SECOND);
    world.of(1, join(GROUP), 14 * SECOND);
    expect(world.of(LOCAL_PORT, data(GROUP), 24 * SECOND)).toEqual([1]);
  });

  it.each([
    ['IGMP', GROUP, OTHER],
    ['MLD', ip6(14, 5), ip6(14, 6)],
  ])('%s: sends a group to those that joined it, and an unknown one to all', (_name, group, other) => {
    const { of } = settled();
    expect(of(1, join(group), SECOND)).toBe('flood');
    of(3, join(group), 11 * SECOND);
    expect(of(LOCAL_PORT, data(group), 12 * SECOND)).toEqual([1, 3]);
    expect(of(LOCAL_PORT, data(other), 12 * SECOND)).toBe('flood');
    expect(of(LOCAL_PORT, tagged(data(group), 7), 12 * SECOND)).toBe('flood');
  });

  it('sends unknown groups to routers only, where the operator says so', () => {
    const { of, snooping } = settled({ floodsUnregistered: false });
    expect(of(LOCAL_PORT, data(OTHER), 12 * SECOND)).toBe('no-listener');
    expect(of(1, data(OTHER), 12 * SECOND)).toEqual([LOCAL_PORT]);
    snooping.setPeer(2, true, 0);
    expect(of(LOCAL_PORT, data(OTHER), 12 * SECOND)).toEqual([2]);
  });

  it('never holds back what belongs to the link: neighbour discovery, MLD, 224.0.0.x, ff02::/16, broadcasts', () => {
    const { of } = settled({ floodsUnregistered: false });
    const links = [ip4('224.0.0.251'), ip4('224.0.0.1'), ip6(2, 1), ip6(2, 0xfb), ip6(1, 9)];
    const solicited = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 1, 2, 3);
    for (const group of [...links, solicited])
      for (const port of [LOCAL_PORT, 1]) expect(of(port, data(group), 20 * SECOND)).toBe('flood');
    const arp = new Uint8Array(60).fill(0xff, 0, 6);
    arp.set([8, 6], 12);
    expect(of(LOCAL_PORT, arp, 20 * SECOND)).toBe('flood');
  });

  it('a leave ends nothing before the querier asked and nobody answered', () => {
    const { of } = settled();
    of(1, join(GROUP), 11 * SECOND);
    of(3, join(GROUP), 11 * SECOND);
    of(1, leave(GROUP), 12 * SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 20 * SECOND)).toEqual([1, 3]);
    of(LOCAL_PORT, igmpQuery(ROUTER, GROUP, 10), 20 * SECOND);
    of(3, join(GROUP), 20.5 * SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 21.9 * SECOND)).toEqual([1, 3]);
    expect(of(LOCAL_PORT, data(GROUP), 22 * SECOND)).toEqual([3]);
  });

  it('a client that others cannot hear is no querier: nobody was asked, so everything is flooded, or we go on asking', () => {
    const { of } = made({}, true, [2]);
    of(2, igmpQuery(ROUTER), 0);
    of(2, join(GROUP), SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 20 * SECOND)).toBe('flood');
    const asking = made({ querier: { intervalS: 125, address: 0 } }, true, [2]);
    asking.snooping.sweep(0);
    const { length } = asking.sent;
    expect(length).toBeGreaterThan(0);
    asking.of(2, igmpQuery(ROUTER), SECOND);
    for (let at = 1; at < 400; at++) asking.snooping.sweep(at * SECOND);
    expect(asking.sent.length).toBeGreaterThan(length + 2);
  });

  it('gives those who were asked a second to answer, however short the time that the query names', () => {
    const { of } = made();
    of(2, igmpQuery(ROUTER, undefined, 1), 0);
    of(3, join(GROUP), SECOND / 10);
    expect(of(LOCAL_PORT, data(GROUP), SECOND / 2)).toBe('flood');
    expect(of(LOCAL_PORT, data(GROUP), SECOND)).toEqual([2, 3]);
  });

  it('a query of somebody who is not the querier ends no membership', () => {
    const { of } = settled();
    of(1, join(GROUP), 11 * SECOND);
    of(3, igmpQuery(ip4('10.0.0.9'), GROUP, 1), 12 * SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 30 * SECOND)).toEqual([1, 3]);
  });

  it('a leave ends a membership at once with fast-leave, but blocked sources do not', () => {
    const { of } = settled({ fastLeave: true });
    of(1, join(GROUP), 11 * SECOND);
    of(2, join(GROUP), 11 * SECOND);
    of(1, igmpOf(0x17, GROUP), 12 * SECOND);
    of(2, report({ type: RECORD.BLOCK, group: GROUP, sources: [ROUTER] }), 12 * SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 12 * SECOND)).toEqual([2]);
  });

  it('the TAP gets what it asked for and, from peers, reports only with a router behind it', () => {
    const world = made();
    world.of(2, igmpQuery(ROUTER), 0);
    world.of(LOCAL_PORT, join(GROUP), 1 * SECOND);
    world.of(1, join(OTHER), 1 * SECOND);
    expect(world.of(1, data(GROUP), 12 * SECOND)).toEqual([LOCAL_PORT]);
    expect(world.of(1, data(OTHER), 12 * SECOND)).toBe('no-listener');
    expect(world.of(1, join(OTHER), 12 * SECOND)).toBe('no-listener');
    world.of(LOCAL_PORT, igmpQuery(ip4('10.0.0.0')), 13 * SECOND);
    expect(world.of(1, join(OTHER), 13 * SECOND)).toEqual([LOCAL_PORT]);
    expect(world.of(LOCAL_PORT, join(OTHER), 13 * SECOND)).toBe('flood');
  });

  it('between peers a report goes to all others, and data to those that want it', () => {
    const { of } = settled({}, true);
    expect(of(1, join(GROUP), 11 * SECOND)).toEqual([LOCAL_PORT, 0, 2, 3]);
    of(3, join(GROUP), 11 * SECOND);
    expect(of(1, data(GROUP), 12 * SECOND)).toEqual([LOCAL_PORT, 3]);
    expect(of(2, data(GROUP), 12 * SECOND)).toEqual([LOCAL_PORT, 1, 3]);
  });

  it('a peer that comes later gets everything until it was asked', () => {
    const { of, snooping } = settled();
    of(1, join(GROUP), 11 * SECOND);
    snooping.portOpened(2, 20 * SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 100 * SECOND)).toEqual([1, 2]);
    of(LOCAL_PORT, igmpQuery(ROUTER), 125 * SECOND);
    of(LOCAL_PORT, mldQuery(HOST6), 125 * SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 134 * SECOND)).toEqual([1, 2]);
    expect(of(LOCAL_PORT, data(GROUP), 135 * SECOND)).toEqual([1]);
    for (let tick = 0; tick < 10; tick++) snooping.sweep(136 * SECOND);
    expect(snooping.open.has(2)).toBe(false);
  });

  it('a peer that wants more groups than are kept gets everything, and takes nothing from others', () => {
    const { of, snooping } = settled();
    of(1, join(GROUP), 11 * SECOND);
    for (let number = 0; number <= MOST_OF_PORT; number++)
      of(3, join(ip4(`239.9.${number >> 8}.${number & 255}`)), 12 * SECOND);
    expect(snooping.groups.countOf(3)).toBe(MOST_OF_PORT);
    expect(of(LOCAL_PORT, data(GROUP), 13 * SECOND)).toEqual([1, 3]);
  });

  it('malformed messages change nothing', () => {
    const { of, snooping } = settled();
    of(1, join(GROUP), 11 * SECOND);
    const bad = join(OTHER);
    bad[bad.length - 1] ^= 1;
    expect(of(2, bad, 12 * SECOND)).toBe('multicast-malformed');
    expect(snooping.groups.size).toBe(1);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 14, maxLength: 150 }), fc.nat(3), (content, port) => {
        content.set([1, 0, 0x5e, 1, 2, 3]);
        of(port, content, 12 * SECOND);
      }),
    );
    expect(of(LOCAL_PORT, data(GROUP), 12 * SECOND)).toEqual([1]);
  });
});

describe('a querier of our own', () => {
  const querier = { intervalS: 125, address: 0 };

  /** Sweeps to a time; where each switch's queries go is the caller's business. */
  function run(worlds: { snooping: Snooping }[], from: number, to: number): void {
    for (let now = from; now <= to; now += SECOND / 2) for (const { snooping } of worlds) snooping.sweep(now);
  }

  it('asks in both families, with sound queries, and then multicast is pruned', () => {
    const { of, sent, snooping } = made({ querier });
    run([{ snooping }], 0, SECOND);
    expect(sent).toHaveLength(2);
    for (const query of sent) {
      const message = new GroupMessage();
      expect(message.read(query, new Frame().place(0, query.length), 14)).toBe(MESSAGE.QUERY);
      expect([message.robustness, message.intervalS, message.responseUs]).toEqual([2, 125, 10e6]);
    }
    of(1, join(GROUP), SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 12 * SECOND)).toEqual([1]);
  });

  it('asks twice about a group that was left, and drops it unless somebody answers', () => {
    const { of, sent, snooping } = made({ querier });
    run([{ snooping }], 0, SECOND);
    for (const port of [1, 2]) of(port, join(GROUP), SECOND);
    of(1, leave(GROUP), 20 * SECOND);
    of(2, leave(GROUP), 20 * SECOND);
    sent.length = 0;
    run([{ snooping }], 20 * SECOND, 20.5 * SECOND);
    of(2, join(GROUP), 21 * SECOND);
    run([{ snooping }], 21 * SECOND, 25 * SECOND);
    expect(sent).toHaveLength(2);
    expect([...sent[0].subarray(0, 6)]).toEqual([1, 0, 0x5e, 1, 2, 3]);
    expect(of(LOCAL_PORT, data(GROUP), 25 * SECOND)).toEqual([2]);
  });

  it('is silent while a router asks, and starts when that falls silent', () => {
    const { of, sent, snooping } = made({ querier });
    of(2, igmpQuery(ROUTER), 0);
    of(2, mldQuery(HOST6), 0);
    run([{ snooping }], SECOND, 259 * SECOND);
    expect(sent).toHaveLength(0);
    run([{ snooping }], 260 * SECOND, 261 * SECOND);
    expect(sent).toHaveLength(2);
  });

  it('of several exactly one goes on, whatever order their queries come in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 2, maxLength: 4 }), (delays) => {
        const made = delays.map((delay, index) => {
          const bytes = new Uint8Array(2000);
          const sent: Uint8Array[] = [];
          const out = {
            flood: (frame: Uint8Array, length: number) => void sent.push(frame.slice(0, length)),
          };
          const passage = { forwards: false, mayPass: () => true, reachesAll: () => true };
          const snooping = new Snooping(bytes, passage, out, [index * 77, 5]);
          for (let peer = 0; peer < delays.length; peer++) snooping.setPeer(peer, false, 0);
          return { snooping, bytes, sent, delay: delay * SECOND, asked: 0 };
        });
        for (let now = 0; now < 400 * SECOND; now += SECOND) {
          for (const [index, one] of made.entries()) {
            if (now === one.delay) one.snooping.configure({ ...SETTINGS, querier }, now);
            one.snooping.sweep(now);
            for (const query of one.sent.splice(0)) {
              if (now > 200 * SECOND) one.asked++;
              for (const other of made) {
                if (other === one) continue;
                other.bytes.set(query);
                if (other.snooping.isOn)
                  other.snooping.decide(index, new Frame().place(0, query.length), 0, now);
              }
            }
          }
        }
        expect(made.filter(({ asked }) => asked > 0)).toHaveLength(1);
      }),
      { numRuns: 20 },
    );
  });

  it('bounds the questions that one peer can make it ask', () => {
    const { of, sent, snooping } = made({ querier });
    run([{ snooping }], 0, SECOND);
    sent.length = 0;
    for (let number = 0; number < 200; number++) {
      of(1, join(ip4(`239.7.7.${number}`)), 12 * SECOND);
      of(1, leave(ip4(`239.7.7.${number}`)), 12 * SECOND);
    }
    run([{ snooping }], 12 * SECOND, 20 * SECOND);
    expect(sent.length).toBeLessThanOrEqual(16);
  });
});

describe('after a restart', () => {
  const querier = (source: Uint8Array, port: number): QuerierRow => {
    const address = new IpAddress();
    if (source.length === 16) address.readIpv6(source, 0);
    else address.readIpv4(source, 0);
    const rest = { high: 0x0200, low: 1, holdUs: 610 * SECOND, leftUs: 500 * SECOND, isSettled: false };
    return { vlan: 0, isIpv6: source.length === 16, port, address: [...address.words], ...rest };
  };
  const recalled = (known: Partial<KnownMulticast>, settings: Partial<MulticastSettings> = {}) => {
    const world = made(settings);
    recallMulticast(world.snooping, { queriers: [], routers: [], ...known }, (port) => port < 4, SECOND);
    world.snooping.sweep(SECOND);
    return world;
  };

  it('asks in place of a router, floods until the answers are there, and knows the ports of routers', () => {
    const routers = [{ port: 3, isIpv4: true, isIpv6: false, isStatic: false }];
    const { of, sent, snooping } = recalled({ queriers: [querier(ROUTER, 2)], routers });
    expect(sent).toHaveLength(1);
    const message = new GroupMessage();
    const query = sent[0];
    expect(message.read(query, new Frame().place(0, query.length), 14)).toBe(MESSAGE.QUERY);
    expect([message.source.isUnspecified, message.group.isUnspecified]).toEqual([true, true]);
    expect(message.responseUs).toBe(2 * SECOND);
    expect(message.intervalS).toBeGreaterThanOrEqual(305);
    of(1, join(GROUP), SECOND);
    expect(of(LOCAL_PORT, data(GROUP), SECOND)).toEqual([0, 1, 2, 3]);
    expect(of(LOCAL_PORT, data(GROUP), 3 * SECOND)).toEqual([1, 3]);
    expect(snooping.queriers.port[0]).toBe(2);
  });

  it('keeps memberships as long as the router that asked before would have them kept', () => {
    const { of } = recalled({ queriers: [querier(ROUTER, 2)] });
    of(1, join(GROUP), SECOND);
    expect(of(LOCAL_PORT, data(GROUP), 499 * SECOND)).toEqual([1]);
  });

  it('asks in MLD as well, and for each peer that comes later, but a few times only', () => {
    const { snooping, sent } = recalled({ queriers: [querier(ROUTER, 2), querier(HOST6, 2)] });
    expect(sent).toHaveLength(2);
    const known = { queriers: [querier(ROUTER, 2)], routers: [] };
    for (let second = 1; second < 400; second++) {
      snooping.portOpened(1, second * SECOND);
      recallMulticast(snooping, known, () => true, second * SECOND);
      snooping.sweep(second * SECOND);
    }
    expect(sent).toHaveLength(1 + MOST_ROUNDS);
  });

  it('leaves it to a switch that asks, to one that is itself to ask, and to what is not there', () => {
    expect(recalled({ queriers: [querier(ip4('0.0.0.0'), 2)] }).sent).toEqual([]);
    expect(recalled({ queriers: [querier(ROUTER, 7)] }).sent).toEqual([]);
    expect(recalled({ queriers: [querier(ROUTER, 2)] }, { snooping: false }).sent).toEqual([]);
    const own = recalled(
      { queriers: [{ ...querier(ip4('0.0.0.0'), -2), vlan: 5 }] },
      { querier: { intervalS: 125, address: 0 } },
    );
    expect(own.sent.map((frame) => (frame[12] === 0x81 ? frame[15] : 0))).toEqual([0, 0, 5, 5]);
  });

  it('believes what has been heard since', () => {
    const { of, snooping } = made();
    of(3, igmpQuery(ROUTER), SECOND);
    recallMulticast(snooping, { queriers: [querier(ROUTER, 2)], routers: [] }, () => true, 2 * SECOND);
    expect(snooping.queriers.port[0]).toBe(3);
  });
});
