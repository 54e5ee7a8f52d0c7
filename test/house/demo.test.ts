import { describe, expect, it } from 'vitest';
import { plain, styled, truncate } from '../../scripts/demo/ansi.js';
import { planCuts } from '../../scripts/demo/cuts.js';
import { parseOptions } from '../../scripts/demo/options.js';
import { type DemoView, drawResult, drawView } from '../../scripts/demo/picture.js';
import { Recording } from '../../scripts/demo/recording.js';
import { type CutResult, claims, type DemoResult, outageBound } from '../../scripts/demo/verdict.js';
import type { LinkStatus } from '../../src/api/index.js';

const CALM = { sent: 2000, lost: 0, duplicated: 0, silenceMs: 2 };

function resultWith(change: Partial<DemoResult>): DemoResult {
  return {
    hosts: 4,
    links: 8,
    timers: { interval: 10, hold: 30 },
    pingsPerSecond: 1000,
    undisturbed: CALM,
    cuts: planCuts(8).map((cut): CutResult => ({ ...cut, ...CALM, nextLink: cut.link + 1 })),
    restoring: CALM,
    restored: true,
    total: { sent: 20_000, received: 20_000, lost: 0, duplicated: 0 },
    ...change,
  };
}

/** The result with one cut of a kind changed. */
function withCut(kind: CutResult['kind'], change: Partial<CutResult>): DemoResult {
  const base = resultWith({});
  const index = base.cuts.findIndex((cut) => cut.kind === kind);
  return { ...base, cuts: base.cuts.map((cut, i) => (i === index ? { ...cut, ...change } : cut)) };
}

const verdict = (result: DemoResult) => claims(result).map(({ held }) => held);

describe('plan of cuts', () => {
  it('takes seven of eight links, the preferred first, by three kinds in turn', () => {
    expect(planCuts(8).map(({ link, kind }) => `${link} ${kind}`)).toEqual([
      '0 near-end down',
      '1 far-end down',
      '2 black hole',
      '3 near-end down',
      '4 far-end down',
      '5 black hole',
      '6 near-end down',
    ]);
  });
});

describe('verdict', () => {
  it('holds when nothing was lost', () => {
    expect(verdict(resultWith({}))).toEqual([true, true, true]);
  });

  it('fails on a single frame lost or doubled', () => {
    const total = { sent: 9000, received: 9000, lost: 0, duplicated: 0 };
    expect(verdict(resultWith({ total: { ...total, lost: 1 } }))).toEqual([false, true, true]);
    expect(verdict(resultWith({ total: { ...total, duplicated: 1 } }))).toEqual([false, true, true]);
  });

  it('fails on an outage beyond the bound, whatever the kind', () => {
    const bound = outageBound({ hold: 30 });
    expect(bound).toBe(100);
    expect(verdict(withCut('black hole', { silenceMs: bound + 1 }))).toEqual([true, false, true]);
    expect(verdict(withCut('black hole', { silenceMs: bound }))).toEqual([true, true, true]);
  });

  it('fails when a link stays down after it was restored', () => {
    expect(verdict(resultWith({ restored: false }))).toEqual([true, true, false]);
  });
});

describe('options', () => {
  it('are four hosts and eight links by default', () => {
    expect(parseOptions([])).toMatchObject({ hosts: 4, links: 8, json: false, keep: false });
    expect(parseOptions(['--hosts', '2', '--links=3', '--json'])).toMatchObject({
      hosts: 2,
      links: 3,
      json: true,
    });
  });

  it.each([
    ['--hosts', '1'],
    ['--hosts', 'x'],
    ['--links', '9'],
    ['--links', '2.5'],
    ['--nonsense'],
    ['word'],
  ])('refuse %s %s', (...args) => {
    expect(() => parseOptions(args)).toThrow(/--|Unexpected/);
  });
});

describe('picture', () => {
  const up = { state: 'up', active: true, rttSmoothedUs: 123 } as LinkStatus;
  const view: DemoView = {
    hosts: 4,
    elapsedSeconds: 3.21,
    now: 'cut 1 of 7',
    links: [
      { id: 0, family: 'IPv4', underlay: 'n1', cut: { link: 0, kind: 'black hole' }, status: undefined },
      { id: 1, family: 'IPv6', underlay: 'n2', cut: undefined, status: up },
    ],
    ping: { sent: 12_345, received: 12_340, unanswered: 5, roundTripMs: 0.1 },
    results: [],
  };

  it('shows each link with its state, round trip, cut, and which one carries the traffic', () => {
    const lines = drawView(view).map(plain);
    const [cut, carrying] = ['n1', 'n2'].map((net) => lines.find((line) => line.includes(net))!);
    expect(cut).toMatch(/0 {2}n1 {2}IPv4.*waiting.*—.*black hole in the middle/);
    expect(carrying).toMatch(/1 {2}n2 {2}IPv6.*up.*0\.123 ms.*carries the traffic/);
    expect(lines.join('\n')).toMatch(/sent 12 345 .* answered 12 340 .* unanswered 5/);
  });

  it('closes with one row a cut and one line a claim', () => {
    const text = drawResult(resultWith({})).map(plain).join('\n');
    expect(text.match(/then over|link \d$/gm)).toHaveLength(8);
    expect(text.match(/✔/g)).toHaveLength(3);
  });
});

describe('styled lines', () => {
  it('are cut to a width that counts no codes', () => {
    const line = `ab${styled('red', 'cdef')}gh`;
    expect(plain(line)).toBe('abcdefgh');
    expect(truncate(line, 8)).toBe(line);
    expect(plain(truncate(line, 5))).toBe('abcd…');
  });
});

describe('recording', () => {
  it('keeps at most two pictures a second and closes with the result', () => {
    const recording = new Recording();
    for (let tenth = 0; tenth < 20; tenth++) recording.add(tenth / 10, [`t${tenth}`]);
    const svg = recording.svg(2, ['the end']);
    expect(svg.match(/<g /g)).toHaveLength(5);
    expect(svg).toContain('>the end<');
  });

  it('escapes what XML would take for markup', () => {
    const recording = new Recording();
    recording.add(0, [styled('green', 'a<b & c')]);
    expect(recording.svg(1, ['x'])).toContain('a&lt;b &amp; c</tspan>');
  });
});
