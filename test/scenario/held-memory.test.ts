/** What `show system` says that peers hold, against what the process has taken. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it, vi } from 'vitest';
import { ownBytes, rowBytes } from '../../src/base/held.js';
import { ROOMS } from '../../src/base/rooms.js';
import type { RowsHeld } from '../../src/contract/answers.js';
import { LINK_WIDTH, PEER_WIDTH } from '../../src/contract/stats.js';
import { TIMERS_PER_LINK } from '../../src/link/life/timers.js';
import { quickAead } from '../sim/aead.js';
import { PORT_SETTINGS } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { World } from '../sim/world.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const WORDS_OF_PATH = 14;
/** Little less than a power of two: some tables have a row or two beside those of peers and links. */
const ROWS = 2040;

/** A host with so many peers of one link each. */
function hostWith(peers: number) {
  const node = new World(1).addNode(0, 1, { aead: quickAead });
  for (let row = 0; row < peers; row++) {
    const terms = { policy: 'passive', copies: 0, uplink: null, name: row + 1, port: PORT_SETTINGS } as const;
    const duplicate = { smallBytes: 0, control: false, dscp: [] };
    node.engine.command({ kind: 'peer', row, ...terms, duplicate }, 0);
    node.engine.command({ kind: 'link', peer: row, id: 0, row, settings: linkSettings(row) }, 0);
  }
  // The smaller buffers of statistics, before they were enlarged.
  node.events.length = 0;
  return node;
}

function heldBy(node: SimNode): RowsHeld {
  node.engine.command({ kind: 'memory', id: 1, links: [1, 2, 3, 4] }, 0);
  const answer = node.events.findLast((event) => event.kind === 'answer');
  return answer?.result as RowsHeld;
}

function linkSettings(row: number) {
  const path = new Array<number>(WORDS_OF_PATH).fill(0);
  path.splice(0, 3, 4, 7700, row);
  const address = { family: 4 as const, words: [1, 0, 0, 0] };
  return {
    sockets: [0, -1] as const,
    local: { kind: 'address' as const, address, zone: null },
    path,
    zone: null,
    named: null,
    priority: 0,
    intervalUs: 1e6,
    holdUs: 3e6,
    mtu: 1500,
    routeMtu: 0,
    shutdown: false,
    paceByPeer: false,
    parity: 0,
    upAfter: 5,
    damping: null,
    drain: false,
    quality: null,
  };
}

/** Bytes of typed arrays, and of everything, that are in use while `make`'s result is. */
async function taken<T>(make: () => T): Promise<{ made: T; arrays: number; all: number }> {
  const before = await inUse();
  const made = make();
  const after = await inUse();
  const arrays = after.arrayBuffers - before.arrayBuffers;
  return { made, arrays, all: arrays + after.heapUsed - before.heapUsed };
}

/** Buffers are given back some time after their objects. */
async function inUse(): Promise<NodeJS.MemoryUsage> {
  for (let round = 0; round < 3; round++) {
    collect();
    await nextTurn();
  }
  return process.memoryUsage();
}

/** What a peer takes: that of a host with many less that of one with half as many. */
async function bytesOfEach() {
  const few = await taken(() => hostWith(ROWS));
  const many = await taken(() => hostWith(2 * ROWS));
  const all = (many.all - few.all) / ROWS;
  return { all, arrays: (many.arrays - few.arrays) / ROWS, host: many.made };
}

afterEach(() => vi.restoreAllMocks());

it('rows and objects of the datapath take what is said of them, and no table is forgotten', async () => {
  // Without room to grow into, tables take what their rows do.
  vi.spyOn(ROOMS, 'takeWhole').mockReturnValue(null);
  // What is compiled, and what the engine learns of it, is there before it is measured.
  hostWith(2 * ROWS);
  const rounds = [await bytesOfEach(), await bytesOfEach(), await bytesOfEach()];
  const { all: each, arrays, host } = rounds.sort((a, b) => a.all - b.all)[1];
  const { peer, link } = heldBy(host);
  expect((peer + link) / each).toBeGreaterThan(0.75);
  expect((peer + link) / each).toBeLessThan(1.25);
  const rows = rowBytes(host.engine);
  const ofTables = rows.peers + rows.links + TIMERS_PER_LINK * rows.timers;
  const ofStatistics = (PEER_WIDTH + LINK_WIDTH) * 8;
  expect(arrays / (ofTables + ofStatistics)).toBeLessThan(1.1);
  expect(rows.sessions * rows.streams * rows.histograms).toBeGreaterThan(0);
});

it('objects take what is said of them, and what several share counts for none', async () => {
  const shared = { description: 'x'.repeat(4096), list: new Array(1000).fill(1.5) };
  const one = (number: number) => ({
    shared,
    name: `peer ${number} of many`,
    key: new Uint8Array(32),
    states: [number, number + 0.5, null],
    since: number + 0.25,
    known: new Map([[`k${number}`, { at: number }]]),
  });
  const { made, all } = await taken(() => Array.from({ length: 10_000 }, (_, number) => one(number)));
  const said = ownBytes(made.slice(0, 16).map((value) => [value]));
  expect(said / (all / made.length)).toBeGreaterThan(0.75);
  expect(said / (all / made.length)).toBeLessThan(1.25);
});
