/** One of two links leaves by a device that takes no send of several datagrams; the other's does. */
import { describe, expect, it } from 'vitest';
import type { DatapathEvent } from '../../src/contract/events.js';
import { PATH } from '../../src/native/ops.js';
import { cut } from '../sim/cuts.js';
import { addressOf } from '../sim/endpoint.js';
import { opaque } from '../sim/kernel-frames.js';
import { Lan, linkRow } from '../sim/lan.js';
import { resegment } from '../sim/resegment.js';
import { MILLISECOND, World } from '../sim/world.js';

const NEW_PORT = 41_234;
/** Goes in pieces, all by one send where the device takes that. */
const LARGE = opaque(6000, 0x88b5, 1);

/** Two hosts with two links; the first device of host 0 refuses while `refuses` is true. */
class Lines {
  refuses = true;
  readonly lan = new Lan(new World(1), { hosts: 2, links: 2 });
  /** Sends of several datagrams that each link of host 0 has tried since it was asked last. */
  private tried = [0, 0];

  constructor() {
    const [from] = this.lan.nodes;
    const addresses = [0, 1].map((network) => addressOf(network, 1).address.join());
    from.cuts = (path) => {
      const link = addresses.indexOf([...path.subarray(PATH.ADDR, PATH.ADDR + 4)].join());
      this.tried[link]++;
      return link !== 0 || !this.refuses;
    };
    this.run(200);
  }

  run(ms: number): void {
    this.lan.world.run(ms * MILLISECOND);
  }

  /** Carries a large frame by the link in use, whole; how many sends of several datagrams each link tried for it. */
  carry(): number[] {
    const [from, to] = this.lan.nodes;
    to.tap.take();
    this.tried = [0, 0];
    from.fromKernel(LARGE.record);
    this.run(5);
    expect(to.tap.take().flatMap(resegment)).toEqual(LARGE.expected(0));
    return this.tried;
  }

  /** Takes link 0 of host 0 out of use, or puts it back. */
  drain(drain: boolean): void {
    this.lan.nodes[0].command({ kind: 'link-drain', row: linkRow(1, 0), drain });
    this.run(100);
  }

  refused(): DatapathEvent[] {
    return this.lan.nodes[0].events.filter(({ kind }) => kind === 'gso-refused');
  }

  gauge(link: number): number {
    return this.lan.nodes[0].linkGauge(linkRow(1, link), 'noGso');
  }
}

/** Lines of which link 0 was refused already. */
function refusedLines(): Lines {
  const lines = new Lines();
  expect(lines.carry()).toEqual([1, 0]);
  return lines;
}

describe('a device that refuses segmentation', () => {
  it('takes it from its own link alone, and is asked and reported once', () => {
    const lines = refusedLines();
    expect(lines.carry()).toEqual([0, 0]);
    expect(lines.refused()).toEqual([{ kind: 'gso-refused', peer: 1, link: 0 }]);
    expect([lines.gauge(0), lines.gauge(1)]).toEqual([1, 0]);
    lines.drain(true);
    expect(lines.carry()).toEqual([0, 1]);
    lines.drain(false);
    expect(lines.carry()).toEqual([0, 0]);
    expect(lines.lan.nodes.map((node) => node.drops())).toEqual([{}, {}]);
  });

  it.each([
    {
      change: 'carrier was lost and came back',
      act: (lines: Lines) => {
        const [a, b] = lines.lan.nodes;
        const heal = cut(lines.lan.world, 'carrier near', a, b, 0);
        lines.run(50);
        heal();
      },
    },
    {
      change: 'its local address was removed and came back',
      act: (lines: Lines) => {
        const [a, b] = lines.lan.nodes;
        const heal = cut(lines.lan.world, 'address removed', a, b, 0);
        lines.run(50);
        heal();
      },
    },
    {
      change: 'the peer moved',
      act: (lines: Lines) => lines.lan.world.remap(lines.lan.nodes[1].sockets[0], NEW_PORT),
    },
    {
      change: 'another path was configured',
      act: (lines: Lines) => {
        const { lan } = lines;
        lan.configureLink(lan.nodes[0], 1, 0, { sockets: [1, 1] });
        lines.run(50);
        lan.configureLink(lan.nodes[0], 1, 0, {});
      },
    },
  ])('is tried again when $change', ({ act }) => {
    const lines = refusedLines();
    lines.refuses = false;
    act(lines);
    lines.run(300);
    expect(lines.gauge(0)).toBe(0);
    expect(lines.carry()).toEqual([1, 0]);
    expect(lines.refused()).toHaveLength(1);
  });

  it('is tried again to no avail, which is reported again', () => {
    const lines = refusedLines();
    lines.lan.world.remap(lines.lan.nodes[1].sockets[0], NEW_PORT);
    lines.run(300);
    lines.carry();
    expect(lines.carry()).toEqual([0, 0]);
    expect(lines.refused()).toHaveLength(2);
  });

  it('is not tried again because a heartbeat or a session came', () => {
    const lines = refusedLines();
    const [a, b] = lines.lan.nodes;
    lines.lan.rekey(a, b);
    lines.run(300);
    expect(lines.carry()).toEqual([0, 0]);
  });
});
