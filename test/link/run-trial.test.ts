import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatapathEvent } from '../../src/contract/events.js';
import type { LinkSettings } from '../../src/contract/settings.js';
import { NO_GSO, SharedStats } from '../../src/contract/stats.js';
import { RunTrial } from '../../src/link/life/run-trial.js';
import { Segmentation } from '../../src/link/life/segmentation.js';
import type { LinkBase } from '../../src/link/ports.js';
import { LinkTable } from '../../src/state/links.js';
import { type Bursts, burstsOf } from '../sim/hops/burst-loss.js';
import { seededRandom } from '../sim/random.js';

const LINK = 0;
const SECOND_US = 1_000_000;
const HOUR_S = 3600;
const U32 = 2 ** 32;

const SETTINGS: LinkSettings = {
  sockets: [0, -1],
  local: { kind: 'any' },
  path: [4, 5000, 1],
  zone: null,
  named: null,
  priority: 0,
  intervalUs: SECOND_US,
  holdUs: 3 * SECOND_US,
  mtu: 1500,
  routeMtu: 0,
  shutdown: false,
  paceByPeer: false,
  parity: 0,
  upAfter: 1,
  damping: null,
  drain: false,
  quality: null,
};

/** Whether the next datagram is lost, by how it was sent. */
type Loss = (isOfRun: boolean) => boolean;

/** One link that sends so many datagrams a second, and hears of them by a heartbeat a second, one second late. */
class Sender {
  readonly told: Extract<DatapathEvent, { kind: 'runs-lost' }>[] = [];
  readonly links = new LinkTable();
  readonly segmentation: Segmentation;
  readonly trial: RunTrial;
  now = 0;
  arrived = 0;
  /** Seconds in which nothing was sent as a run. */
  without = 0;

  constructor() {
    const base = {
      tables: { links: this.links },
      stats: new SharedStats({ peers: 1, links: 1 }),
      ports: { emit: (event: DatapathEvent) => event.kind === 'runs-lost' && this.told.push(event) },
    } as unknown as LinkBase;
    this.segmentation = new Segmentation(base);
    this.trial = new RunTrial(base, this.segmentation);
    this.links.configure(LINK, 0, 0, SETTINGS);
  }

  get reason(): number {
    return this.links.noGso[LINK];
  }

  run(seconds: number, rate: number, isLost: Loss): void {
    const { links } = this;
    for (let second = 0; second < seconds; second++) {
      const isOfRun = this.reason === NO_GSO.NONE;
      this.without += Number(!isOfRun);
      for (let datagram = 0; datagram < rate; datagram++) {
        links.sent[LINK]++;
        this.arrived += Number(!isLost(isOfRun));
      }
      this.hear(links.sent[LINK] % U32, this.arrived % U32);
    }
  }

  hear(sent: number, arrived: number): void {
    const { loss } = this.links;
    this.now += SECOND_US;
    loss.echoSent[LINK] = sent;
    loss.echoArrived[LINK] = arrived;
    this.trial.heard(LINK, this.now);
  }
}

/** Loss that does not look at how a datagram was sent. */
function bursts({ start, end }: Bursts, random: () => number): Loss {
  let bad = false;
  return () => {
    bad = bad ? random() >= end : random() < start;
    return bad;
  };
}

describe('a path that loses runs', () => {
  it.each([1, 0.5, 0.1])('at a rate of %f gets none, whatever else it loses', (share) => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const sender = new Sender();
      sender.run(120, 1000, (isOfRun) => random() < (isOfRun ? share : share / 20));
      expect(
        sender.told.map(({ isOff }) => isOff),
        `seed ${seed}`,
      ).toContain(true);
    }
  });

  it('is tried again after rests that double, up to an hour, and used again when it has healed', () => {
    const sender = new Sender();
    const harmful: Loss = (isOfRun) => isOfRun;
    sender.run(6 * HOUR_S, 200, harmful);
    const rests = [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600];
    expect(sender.told.map(({ againS }) => againS)).toEqual(rests);
    sender.run(2 * HOUR_S, 200, () => false);
    expect(sender.told.at(-1)?.isOff).toBe(false);
    expect(sender.reason).toBe(NO_GSO.NONE);
  });

  it('is not compared where the device refuses runs', () => {
    const sender = new Sender();
    sender.segmentation.refused(LINK);
    sender.run(300, 1000, () => true);
    expect(sender.reason).toBe(NO_GSO.DEVICE);
    expect(sender.told).toEqual([]);
  });

  it('is tried at once when the path is another one', () => {
    const sender = new Sender();
    sender.run(60, 1000, (isOfRun) => isOfRun);
    expect(sender.reason).toBe(NO_GSO.PATH);
    sender.segmentation.pathChanged(LINK);
    expect(sender.reason).toBe(NO_GSO.NONE);
  });
});

describe('a path that loses runs and single datagrams alike', () => {
  it.each([
    ['one in ten', 0.1, 1],
    ['bursts of 40', 0.15, 40],
    ['bursts of 400', 0.15, 400],
    ['bursts of 4,000', 0.3, 4000],
  ])('by %s keeps its runs for nearly all of an hour', (_name, share, length) => {
    let without = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const sender = new Sender();
      sender.run(HOUR_S, 300, bursts(burstsOf(share, length), seededRandom(seed)));
      without += sender.without;
    }
    expect(without / (10 * HOUR_S)).toBeLessThan(0.05);
  });
});

it('lets no peer, whatever it says, be told of more often than the rests allow', () => {
  const report = fc.tuple(fc.integer({ min: 0, max: U32 - 1 }), fc.integer({ min: 0, max: U32 - 1 }));
  const said = fc.array(fc.oneof(report, fc.constantFrom('honest', 'all lost')), {
    minLength: 50,
    maxLength: 400,
  });
  fc.assert(
    fc.property(said, (reports) => {
      const sender = new Sender();
      for (const one of reports) {
        sender.links.sent[LINK] += 600;
        const sent = sender.links.sent[LINK];
        if (one === 'honest') sender.arrived += 600;
        if (typeof one === 'string') sender.hear(sent, sender.arrived);
        else sender.hear(...one);
        if (one !== 'honest') sender.segmentation.pathChanged(LINK);
      }
      // Rests of 60, 120 and 240 seconds: no more than four verdicts in 400.
      expect(sender.told.length).toBeLessThanOrEqual(8);
      expect([NO_GSO.NONE, NO_GSO.PATH, NO_GSO.COMPARED]).toContain(sender.reason);
    }),
  );
});
