/** The drill on real daemons: what it tells must be what happened. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Progress, runDrill } from '../../scripts/drill/drill.js';
import { type DrillOptions, parseOptions } from '../../scripts/drill/options.js';
import { type Cell, detectionOf, summarize } from '../../scripts/drill/summary.js';
import { namespacesOf } from '../../scripts/lab/namespaces.js';
import { needsLab } from './support.js';

/** Slow enough for a machine whose cores are all busy. */
const TIMERS = { interval: 50, hold: 300 };
const QUIET: Progress = { trial: () => {}, cell: () => {} };

function options(change: Partial<DrillOptions>): DrillOptions {
  return {
    ...parseOptions(['--times', '1', '--policies', 'passive', '--rate', '1000']),
    timers: TIMERS,
    ...change,
  };
}

function told(cells: Cell[]): string {
  return JSON.stringify(cells, null, 1);
}

describe('the drill', () => {
  afterEach(() => expect(namespacesOf(process.pid)).toEqual([]));

  it('lets links die, and tells that nothing was lost', async (context) => {
    needsLab(context);
    const cells = await runDrill(options({ kinds: ['device-deleted', 'black-hole'] }), QUIET);
    expect(cells.map(({ kind, load }) => `${kind} ${load}`)).toEqual([
      'device-deleted busy',
      'device-deleted idle',
      'black-hole busy',
      'black-hole idle',
    ]);
    for (const cell of cells) {
      expect(cell.failure, told(cells)).toBeNull();
      expect(summarize(cell).verdict, told(cells)).toBe('held');
      expect(detectionOf(cell.trials[0]), told(cells)).not.toBeNull();
    }
    expect(cells[0].trials[0].traffic?.sent).toBeGreaterThan(100);
    // A black hole is silence: no end can know before its hold time is over.
    expect(detectionOf(cells[3].trials[0])).toBeGreaterThan(TIMERS.hold / 2);
  });

  it('makes a link slow without help of the kernel', async (context) => {
    needsLab(context);
    const [cell] = await runDrill(options({ kinds: ['delay-step'], loads: ['busy'] }), QUIET);
    expect(cell.failure, told([cell])).toBeNull();
    // 150 ms more in each direction: the traffic felt it, or was taken elsewhere for it.
    expect(cell.trials[0].traffic?.pingSilenceMs).toBeGreaterThan(100);
  });
});
