/** After each random history everything must be as if nothing had been. */
import { describe, expect, it } from 'vitest';
import { History, STEPS } from '../sim/history.js';
import { withSeed } from '../sim/random.js';

const HISTORIES = 12;

describe.each([
  ['in calm weather', false],
  ['in storms', true],
] as const)('random histories %s', (_, stormy) => {
  it(`${HISTORIES} of ${STEPS} steps each: nothing lost without excuse, nothing twice, all links up again`, () =>
    withSeed((seed) => {
      for (let number = 0; number < HISTORIES; number++) {
        const history = new History(seed + number, stormy);
        const streams = history.live();
        const told = `history ${number}:\n${history.steps.join('\n')}\n`;
        expect(history.faults(streams), told).toEqual([]);
        for (const stream of streams) expect(stream.report().duplicated, told).toBe(0);
        expect(history.linksDown(), told).toEqual([]);
        expect(history.nonces.repeated.slice(0, 3), told).toEqual([]);
        for (const node of history.lan.nodes) expect(node.tap.refused, told).toEqual([]);
      }
    }));
});
