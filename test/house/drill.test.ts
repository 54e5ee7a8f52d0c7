import { describe, expect, it } from 'vitest';
import { planCells } from '../../scripts/drill/drill.js';
import { parseBacklogDrops, parseHostDrops } from '../../scripts/drill/kernel-drops.js';
import { parseOptions } from '../../scripts/drill/options.js';
import { drillPage } from '../../scripts/drill/page.js';
import { drillTable, troubleLines } from '../../scripts/drill/report.js';
import { type Cell, outageGoal, summarize } from '../../scripts/drill/summary.js';
import type { Trial } from '../../scripts/drill/trial.js';
import { DEATH_KINDS, DEATHS } from '../../scripts/lab/deaths.js';

const TIMERS = { interval: 10, hold: 30 };

function trial(change: Partial<Trial> = {}, traffic: Partial<NonNullable<Trial['traffic']>> = {}): Trial {
  return {
    link: 0,
    detectionMs: { near: 30, far: 31 },
    causes: { near: 'hold time over', far: 'hold time over' },
    changes: 2,
    resent: 10,
    latenessMs: { near: 0.2, far: 1.5 },
    kernelDrops: { tapQueue: 0, socketBuffers: 0, backlog: 0 },
    window: [0, 1000],
    traffic: { sent: 1000, lost: 0, duplicated: 0, pingSilenceMs: 33, streamSilenceMs: 32, ...traffic },
    ...change,
  };
}

function cell(trials: Trial[], change: Partial<Cell> = {}): Cell {
  const place = { kind: 'black-hole', policy: 'passive', load: 'busy' } as const;
  return { ...place, trials, undisturbed: null, senderLatenessMs: 1, failure: null, ...change };
}

describe('the summary of a cell', () => {
  it('takes the later end for detection and the longer silence for the outage', () => {
    expect(summarize(cell([trial()]))).toMatchObject({
      detectionMs: { p50: 31, max: 31 },
      outageMs: { p50: 33, max: 33 },
      resent: 10,
      extraPercent: 1,
      latenessMs: 1.5,
      verdict: 'held',
    });
  });

  it.each([
    ['a frame is lost', cell([trial(), trial({}, { lost: 1 })])],
    ['a frame comes twice', cell([trial({}, { duplicated: 1 })])],
    ['an end does not leave the dead link', cell([trial({ detectionMs: { near: 3, far: null } })])],
    ['it could not be completed', cell([trial()], { failure: 'no answer' })],
  ])('is broken when %s', (_, broken) => expect(summarize(broken).verdict).toBe('broken'));

  it('only tells of a link that still carries something: what it drops is gone', () => {
    const worse = cell([trial({ detectionMs: { near: null, far: null } }, { lost: 99 })], {
      kind: 'rate-collapse',
    });
    expect(summarize(worse)).toMatchObject({ verdict: 'told', unnoticed: 0, lost: 99 });
    expect(troubleLines([worse])).toEqual([]);
  });

  it('of idle hosts knows no outage', () => {
    const idle = cell([trial({ traffic: null })], { load: 'idle' });
    expect(summarize(idle)).toMatchObject({ outageMs: null, extraPercent: null, verdict: 'held' });
  });
});

describe('what the kernel drops', () => {
  it('is read from its own counters, by name', () => {
    const udp = 'Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\nUdp: 9 8 7 6 5 4';
    const text = `12\n${udp}\nUdp6RcvbufErrors                \t3\n`;
    expect(parseHostDrops(text)).toEqual({ tapQueue: 12, socketBuffers: 8 });
    expect(parseBacklogDrops('0001 0000000a 00 00\n0002 00000002 00 00\n')).toBe(12);
  });
});

describe('the goals', () => {
  it('are the hold time and a little for what nobody tells, and at once for the rest', () => {
    expect(outageGoal('black-hole', 'passive', TIMERS)).toBe(45);
    expect(outageGoal('black-hole', 'passive', { interval: 100, hold: 300 })).toBe(360);
    expect(outageGoal('carrier-down', 'passive', TIMERS)).toBe(5);
    expect(outageGoal('delay-step', 'passive', TIMERS)).toBeNull();
  });
});

describe('the report', () => {
  it('names the death in which something was lost', () => {
    expect(troubleLines([cell([trial(), trial({ link: 1 }, { lost: 3 })])])).toEqual([
      'black-hole, passive, busy, death 2 (link 1): 3 lost, 0 twice',
    ]);
  });

  it('has a line for each cell, in columns', () => {
    const lines = drillTable([cell([trial()]), cell([trial({ traffic: null })], { load: 'idle' })], TIMERS);
    const [head, busy, idle] = lines.split('\n');
    expect(new Set([head.length, busy.length, idle.length]).size).toBe(1);
    expect(busy).toContain('33.0');
    expect(idle).toContain('—');
  });
});

describe('the page', () => {
  const page = (cells: Cell[]) =>
    drillPage({
      startedAt: '2026-01-01T00:00:00Z',
      machine: { processors: 2, model: 'A <processor>', kernel: '6', node: 'v20', load: 0 },
      options: parseOptions(['--policies', 'passive,active', '--kinds', 'black-hole,loss']),
      cells: cells.map((one) => ({ ...one, summary: summarize(one) })),
    });

  it('needs nothing but itself', () => {
    const text = page([cell([trial()])]);
    expect(text).not.toMatch(/https?:|\bsrc=|\bhref=|url\(|<script|@import/);
    expect(text).toContain('A &lt;processor&gt;');
  });

  it('draws a mark for each death, a different one where something was lost', () => {
    const text = page([cell([trial(), trial({}, { lost: 1 }), trial()])]);
    const marks = (name: string) => text.split(`class="${name}" c`).length - 1;
    // Each death in the plot of outages and in that of detections, and one of the legend.
    expect(marks('full')).toBe(2 + 3 + 1);
    expect(text.split('<path class="cross"').length - 1).toBe(1 + 1);
    expect(text).toContain('death 2 (link 0): 1 lost');
  });

  it('says all figures in a table, and what the plots show in words', () => {
    const text = page([cell([trial()]), cell([trial({ traffic: null })], { load: 'idle' })]);
    expect(text.split('<th scope="row"').length - 1).toBe(2);
    expect(text).toContain('policy passive: black-hole median 33.0, most 33.0 ms');
  });
});

describe('the options of the drill', () => {
  it('are everything by default, five times each', () => {
    const options = parseOptions([]);
    expect(options).toMatchObject({ times: 5, kinds: [...DEATH_KINDS], timers: TIMERS, links: 2 });
    expect(planCells(options)).toHaveLength(DEATH_KINDS.length * options.policies.length * 2);
  });

  it('take lists, and keep the order of the drill', () => {
    const options = parseOptions([
      '--kinds',
      'black-hole,admin-down',
      '--policies',
      'passive',
      '--times',
      '20',
    ]);
    expect(options).toMatchObject({ kinds: ['admin-down', 'black-hole'], policies: ['passive'], times: 20 });
  });

  it('do what needs another lab last', () => {
    const cells = planCells(parseOptions(['--kinds', 'delay-step,loss', '--loads', 'busy']));
    expect(DEATHS[cells[0].kind].needsSlowWire).toBe(false);
    expect(DEATHS[cells.at(-1)!.kind].needsSlowWire).toBe(true);
  });

  it.each([
    [['--kinds', 'axe'], "'axe' is not among them"],
    [['--times', '0'], '--times takes'],
    [['--timers', '10'], 'INTERVAL/HOLD'],
    [['--links', '9'], 'from 2 to 8'],
  ])('refuse %j', (args, message) => expect(() => parseOptions(args)).toThrow(message));
});
