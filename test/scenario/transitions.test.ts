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

// What was refused to be sent again, since a link told of itself, was given up, though that link died only then.
describe('a history in calm weather that had lost frames', () => {
  it.each([1276208425])('loses none (seed %i)', (seed) => {
    const history = new History(seed, false);
    expect(history.faults(history.live())).toEqual([]);
  });
});
