import { describe, expect, it } from 'vitest';
import type { LinkState } from '../../src/api/link-states.js';
import { LINK, LINK_WIDTH, SharedStats } from '../../src/contract/stats.js';
import { historyStatus } from '../../src/daemon/answers/history-status.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { Histories } from '../../src/daemon/observe/link-histories.js';

const SECOND = 1_000_000;

/** As much of a running interface as histories look at. */
class Fake {
  readonly name = 'octo0';
  readonly peers = new Map<string, unknown>();
  readonly datapath = { stats: new SharedStats({ peers: 1, links: 2 }) };
  readonly tapQueue = { drops: () => 0 };
  readonly sockets = { queues: { drops: () => 0 } };
  readonly handshakes = { counters: {} };
  readonly members = { refusals: { counters: {} } };
  readonly bandwidth = { refused: {} };

  link(peer: string, id: number, row: number, state: LinkState = 'up'): void {
    const found = (this.peers.get(peer) as { links: Map<number, unknown> } | undefined) ?? {
      config: { name: peer },
      links: new Map<number, unknown>(),
    };
    found.links.set(id, { row, state, config: { id } });
    this.peers.set(peer, found);
  }

  send(row: number, bytes: number): void {
    this.datapath.stats.links[row * LINK_WIDTH + LINK.txBytes] += bytes;
  }
}

class Scene {
  readonly runtime = new Fake();
  limit = 8;
  now = 0;
  readonly histories = new Histories(
    () => this.now,
    () => [this.runtime as unknown as InterfaceRuntime],
    () => this.limit,
  );

  /** Lets a second pass in which each link sends that many bytes. */
  second(sent: Record<number, number> = {}): void {
    for (const [row, bytes] of Object.entries(sent)) this.runtime.send(Number(row), bytes);
    this.now += SECOND;
    this.histories.sample();
  }

  sent(peer: string, link: number, count: number): number[] | undefined {
    const last = this.histories.currentSecond;
    return this.histories.of('octo0', peer, link)?.seconds('sentBytesPerSecond', last, count);
  }
}

describe('histories of links', () => {
  it('follow each link by its row', () => {
    const scene = new Scene();
    scene.runtime.link('osaka', 0, 0);
    scene.runtime.link('osaka', 1, 1);
    scene.second();
    scene.second({ 0: 100, 1: 7 });
    scene.second({ 0: 200 });
    expect(scene.sent('osaka', 0, 2)).toEqual([100, 200]);
    expect(scene.sent('osaka', 1, 2)).toEqual([7, 0]);
    expect(scene.histories.of('octo0', 'osaka', 2)).toBeUndefined();
    expect(scene.histories.of('octo1', 'osaka', 0)).toBeUndefined();
  });

  it('go on when the statistics have grown into another buffer', () => {
    const scene = new Scene();
    scene.runtime.link('osaka', 0, 1);
    scene.second({ 1: 50 });
    scene.second({ 1: 60 });
    scene.runtime.datapath.stats.grow({ peers: 8, links: 64 });
    scene.second({ 1: 70 });
    expect(scene.sent('osaka', 0, 2)).toEqual([60, 70]);
  });

  it('of one link stay apart from those of the next one in its row', () => {
    const scene = new Scene();
    scene.runtime.link('osaka', 0, 1);
    scene.second({ 1: 1000 });
    scene.second({ 1: 1000 });
    scene.runtime.peers.clear();
    scene.runtime.datapath.stats.clearLink(1);
    scene.runtime.link('kyoto', 0, 1);
    scene.second({ 1: 5 });
    scene.second({ 1: 6 });
    expect(scene.sent('kyoto', 0, 2)).toEqual([Number.NaN, 6]);
    expect(scene.sent('osaka', 0, 3)).toEqual([1000, Number.NaN, Number.NaN]);
  });

  it('of a link that comes back go on where they were', () => {
    const scene = new Scene();
    scene.runtime.link('osaka', 0, 0);
    scene.second();
    scene.second({ 0: 100 });
    scene.runtime.peers.clear();
    scene.second();
    scene.runtime.datapath.stats.clearLink(0);
    scene.runtime.link('osaka', 0, 0);
    scene.second({ 0: 30 });
    expect(scene.sent('osaka', 0, 3)).toEqual([100, Number.NaN, 15]);
  });

  it('are kept of the first links only, and places of links that are gone are given on', () => {
    const scene = new Scene();
    scene.limit = 1;
    scene.runtime.link('osaka', 0, 0);
    scene.runtime.link('osaka', 1, 1);
    scene.second();
    expect(scene.histories.of('octo0', 'osaka', 1)).toBeUndefined();
    scene.runtime.peers.clear();
    scene.runtime.link('kyoto', 0, 0);
    scene.second();
    expect(scene.histories.of('octo0', 'osaka', 0)).toBeUndefined();
    expect(scene.histories.of('octo0', 'kyoto', 0)).toBeDefined();
    scene.limit = 0;
    scene.second();
    expect(scene.histories.of('octo0', 'kyoto', 0)).toBeUndefined();
  });
});

describe('the answer about a history', () => {
  it('begins with the first step of which anything is known and ends with the last one that is over', () => {
    const scene = new Scene();
    scene.runtime.link('osaka', 0, 0);
    scene.now = 1000 * SECOND;
    scene.second();
    scene.second({ 0: 100 });
    scene.second({ 0: 200 });
    scene.now += SECOND;
    const place = { interface: 'octo0', peer: 'osaka', link: 0 };
    const history = scene.histories.of('octo0', 'osaka', 0);
    if (history === undefined) throw new Error('there is no history');
    const answer = historyStatus(place, history, 'seconds', scene.histories.currentSecond, 5_000_000);
    expect(answer).toMatchObject({ ...place, stepSeconds: 1, endMs: 5_000_000, largest: null });
    expect(answer.values.sentBytesPerSecond).toEqual([100, 200]);
    expect(answer.values.rttUs).toEqual([null, null]);
  });

  it('in minutes has means, largest values and the end of the last full minute', () => {
    const scene = new Scene();
    scene.runtime.link('osaka', 0, 0);
    scene.now = 60_000 * SECOND;
    for (let second = 0; second < 130; second++) scene.second({ 0: second === 70 ? 6100 : 100 });
    const history = scene.histories.of('octo0', 'osaka', 0);
    if (history === undefined) throw new Error('there is no history');
    const place = { interface: 'octo0', peer: 'osaka', link: 0 };
    const answer = historyStatus(place, history, 'minutes', scene.histories.currentSecond, 5_000_000);
    expect(answer.stepSeconds).toBe(60);
    expect(answer.endMs).toBe(5_000_000 - 10_000);
    expect(answer.values.sentBytesPerSecond).toEqual([100, 200]);
    expect(answer.largest?.sentBytesPerSecond).toEqual([100, 6100]);
  });
});
