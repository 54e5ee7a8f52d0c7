/** A path that loses or damages what is sent as a run. */
import { describe, expect, it } from 'vitest';
import type { DatapathEvent } from '../../src/contract/events.js';
import { NO_GSO } from '../../src/contract/stats.js';
import { PATH } from '../../src/native/ops.js';
import { addressOf } from '../sim/endpoint.js';
import { opaque } from '../sim/kernel-frames.js';
import { Lan, linkRow } from '../sim/lan.js';
import { MILLISECOND, World } from '../sim/world.js';

const INTERVAL_MS = 100;
/** Goes in pieces, all of them by one send. */
const LARGE = opaque(6000, 0x88b5, 1);

type Harm = (bytes: Uint8Array) => Uint8Array | null;
type RunsLost = Extract<DatapathEvent, { kind: 'runs-lost' }>;

const HARMS: Record<string, Harm> = {
  'loses whole runs': () => null,
  'damages each datagram of a run': (bytes) => {
    const damaged = bytes.slice();
    damaged[damaged.length >> 1] ^= 0x10;
    return damaged;
  },
};

/** Two hosts; what host 0 sends as a run by link 0 comes to harm while `isHarmful`. */
class Lines {
  isHarmful = true;
  readonly lan: Lan;

  constructor(harm: Harm, seed = 1, links = 1) {
    this.lan = new Lan(new World(seed), { hosts: 2, links, intervalMs: INTERVAL_MS });
    const link0 = addressOf(0, 1).address.join();
    this.lan.nodes[0].harm = (bytes, path) =>
      this.isHarmful && [...path.subarray(PATH.ADDR, PATH.ADDR + 4)].join() === link0 ? harm(bytes) : bytes;
    this.lan.world.run(500 * MILLISECOND);
  }

  /** Sends sixty large frames a second for so long. */
  carry(seconds: number): void {
    for (let sent = 0; sent < seconds * 20; sent++) {
      this.lan.nodes[0].fromKernel(LARGE.record, LARGE.record, LARGE.record);
      this.lan.world.run(50 * MILLISECOND);
    }
    this.lan.nodes[1].tap.take();
  }

  reason(link = 0): number {
    return this.lan.nodes[0].linkGauge(linkRow(1, link), 'noGso');
  }

  get told(): RunsLost[] {
    return this.lan.nodes[0].events.filter((event) => event.kind === 'runs-lost');
  }
}

describe('a path that harms runs', () => {
  it.each(Object.keys(HARMS))('that %s gets none, and is told with both losses', (name) => {
    const lines = new Lines(HARMS[name], 1, 2);
    lines.carry(14);
    expect([lines.reason(0), lines.reason(1)]).toEqual([NO_GSO.PATH, NO_GSO.NONE]);
    expect(lines.told).toHaveLength(1);
    const [{ runLossPermille, ...told }] = lines.told;
    expect(told).toEqual({
      kind: 'runs-lost',
      peer: 1,
      link: 0,
      isOff: true,
      singleLossPermille: 0,
      againS: 60,
    });
    expect(runLossPermille).toBeGreaterThan(800);
  });

  it('carries everything once runs are off', () => {
    const lines = new Lines(HARMS['loses whole runs']);
    lines.carry(14);
    lines.lan.nodes[1].tap.take();
    for (let sent = 0; sent < 20; sent++) {
      lines.lan.nodes[0].fromKernel(LARGE.record);
      lines.lan.world.run(5 * MILLISECOND);
    }
    expect(lines.lan.nodes[1].tap.take()).toHaveLength(20);
  });
});
