import { describe, expect, it } from 'vitest';
import { compareRounds, ratioTable } from '../../bench/against/ratios.js';
import { namesOf } from '../../bench/aggregate-rows.js';
import { parseOptions } from '../../bench/options.js';
import { hotFunctions } from '../../bench/profile.js';
import { median, type Row, ratios, spreadPercent, table } from '../../bench/report.js';
import { runsFor } from '../../bench/runs.js';

function row(name: string, layer: 2 | 3 | null, encrypted: boolean, ...rounds: Row['rounds']): Row {
  return { name, title: name, layer, encrypted, rounds };
}

const octolink = row('octolink', 2, true, { tcp1: 8, rtt: 0.07, udp64: 200, loss1: 4 });
const rows = [
  octolink,
  row('cable', null, false, { tcp1: 20, rtt: 0.003, udp64: 238 }),
  row('vxlan', 2, false, { tcp1: 15, rtt: 0.006, udp64: 100 }),
  row('wireguard-go', 3, true, { tcp1: 4, rtt: 0.11, udp64: 45, loss1: 2 }),
  row('tinc', 2, true, { tcp1: 0.8, rtt: 0.14, udp64: 40 }),
];

describe('medians', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[7], 7],
    [[], undefined],
  ])('of %j is %s', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('come with half the range in percent', () => {
    expect(spreadPercent([9, 10, 11])).toBeCloseTo(10);
    expect(spreadPercent([10])).toBeUndefined();
  });
});

describe('ratios', () => {
  it('compare with the peer that each goal names, and only with encrypted ones where it says VPN', () => {
    expect(
      ratios(octolink, rows).map(({ figure, what, ratio }) => [figure, what, ratio?.toFixed(2)]),
    ).toEqual([
      ['tcp1', 'wireguard-go', '2.00'],
      ['tcp1', 'the best Layer-2 VPN beside it', '10.00'],
      ['loss1', 'wireguard-go', '2.00'],
      ['udp64', 'kernel VXLAN in the clear', '2.00'],
      ['rtt', 'the best VPN beside it', '0.64'],
    ]);
  });

  it('are undefined where the peer was not measured', () => {
    expect(ratios(octolink, [octolink]).every(({ ratio }) => ratio === undefined)).toBe(true);
  });
});

describe('table', () => {
  it('shows a figure that failed in every round as a dash', () => {
    expect(table([row('tinc', 2, true)], ['tcp1']).split('\n')[2]).toMatch(/^\| tinc \| L2 .*\| — /);
  });
});

describe('options', () => {
  it('take figures and groups of them', () => {
    expect([...parseOptions(['--only', 'tcp,rtt']).figures]).toEqual(['tcp1', 'tcp8', 'cpu', 'rtt']);
  });

  it.each([[['--only', 'speed']], [['--rounds', '0']], [['--seconds', 'long']], [['--only', 'rss']]])(
    'refuse %j',
    (args) => {
      expect(() => parseOptions(args)).toThrow();
    },
  );
});

describe('options of the table', () => {
  it('add rows of Octolink and figures that are searched for, and say what was typed', () => {
    const args = ['--table', '--seconds', '1'];
    const { figures, ...options } = parseOptions(args);
    expect(options).toMatchObject({ rounds: 2, seconds: 1, node24: true, table: args });
    expect([...figures]).toEqual(expect.arrayContaining(['tcp128', 'lossless64', 'overload1400', 'p999']));
    expect([...parseOptions([]).figures]).not.toContain('lossless64');
  });
});

describe('options of links measured together', () => {
  it('take longer runs than others do, and rows by their number of links', () => {
    expect(parseOptions(['--aggregate']).aggregate).toEqual({ seconds: 12, links: undefined });
    const some = ['--aggregate', '--links', '3', '--seconds', '4'];
    expect(parseOptions(some).aggregate).toEqual({ seconds: 4, links: 3 });
    expect(parseOptions([]).aggregate).toBeUndefined();
  });

  it.each(['0', '5', '9', 'two'])('refuse %s links, of which there is no row', (links) => {
    expect(() => parseOptions(['--aggregate', '--links', links])).toThrow('--links');
  });

  it('name links that are alike once', () => {
    const [near, far] = [
      { mbit: 40, delayMs: 10 },
      { mbit: 4, delayMs: 30, lossPermille: 5 },
    ];
    expect(namesOf([near, near, far])).toBe('2 × 40 Mbit/s 10 ms + 4 Mbit/s 30 ms 0.5 % lost');
    expect(namesOf([far, near])).toBe('4 Mbit/s 30 ms 0.5 % lost + 40 Mbit/s 10 ms');
  });
});

describe('options of a comparison with another revision', () => {
  it('have rounds and figures of their own, those of an idle daemon among them', () => {
    const { against } = parseOptions(['--against', 'HEAD~3']);
    expect(against).toMatchObject({ revision: 'HEAD~3', rounds: 5, seconds: 4, links: 1, json: undefined });
    const ofDaemons = ['cputcp', 'cpu64', 'cpu1400', 'start', 'rss', 'idle'];
    expect([...against!.figures]).toEqual(['tcp1', 'udp64', 'udp1400', 'rtt', ...ofDaemons]);
  });

  it('take rounds, seconds, a file, and figures that other VPNs are asked for too', () => {
    const args = [
      '--against',
      'v1',
      '--only',
      'rss,tcp8',
      '--rounds',
      '7',
      '--seconds',
      '2',
      '--json',
      'x.json',
    ];
    const figures = new Set(['rss', 'tcp8']);
    expect(parseOptions(args).against).toEqual({
      revision: 'v1',
      rounds: 7,
      seconds: 2,
      figures,
      links: 1,
      json: 'x.json',
    });
  });

  it('take links, and figures of a mesh', () => {
    const { against } = parseOptions(['--against', 'v1', '--links', '8', '--only', 'mesh']);
    expect(against).toMatchObject({ links: 8, figures: new Set(['broadcast', 'cpubroadcast']) });
    expect(() => parseOptions(['--against', 'v1', '--links', '9'])).toThrow('at most 8');
  });

  it.each([
    [['--peers', 'tinc'], '--peers'],
    [['--cuts', '3', '--node24'], '--node24, --cuts'],
    [['--only', 'speed'], "'speed'"],
  ])('refuse %j', (more, named) => {
    expect(() => parseOptions(['--against', 'HEAD', ...more])).toThrow(named);
  });
});

describe('comparison of two builds', () => {
  const rounds = [
    { old: { tcp1: 4, rss: 80 }, new: { tcp1: 6, rss: 40 } },
    { old: { tcp1: 5, rss: 80 }, new: { tcp1: 5, rss: 44 } },
    { old: { tcp1: 3 }, new: {} },
  ];

  it('gives the median ratio and the range of rounds in which both were measured', () => {
    const [tcp1, rss] = compareRounds(rounds, ['tcp1', 'rss']);
    expect(tcp1).toEqual({ figure: 'tcp1', old: [4, 5, 3], new: [6, 5], ratio: 1.25, range: [1, 1.5] });
    expect(rss).toMatchObject({ ratio: 0.525, range: [0.5, 0.55] });
  });

  it('shows medians, spreads, ratio and range in a line each', () => {
    const lines = ratioTable(compareRounds(rounds, ['tcp1', 'rss']), { old: 'abc', new: 'here' }).split('\n');
    const cells = (line: string) => line.split('|').map((text) => text.trim());
    expect(cells(lines[0]).slice(3, 5)).toEqual(['abc', 'here']);
    expect(cells(lines[2]).slice(2, 7)).toEqual(['more', '4.00 ±25%', '5.50 ±9%', '1.250', '1.00–1.50']);
    expect(cells(lines[3]).slice(2, 7)).toEqual(['less', '80.0 ±0%', '42.0 ±5%', '0.525', '0.50–0.55']);
  });

  it('takes the rate of a stream and what it costs from one run, and needs none for an idle daemon', () => {
    expect(runsFor(new Set(['tcp1', 'cputcp', 'rtt', 'cpu64']))).toHaveLength(3);
    expect(runsFor(new Set(['tcp1', 'cpu', 'cputcp']))).toHaveLength(1);
    expect(runsFor(new Set(['rss', 'start', 'idle']))).toEqual([]);
    expect(runsFor(new Set(['lossless1400', 'p50', 'p999', 'udp64']))).toHaveLength(2);
  });

  it('has no ratio where a build was never measured', () => {
    const [rtt] = compareRounds([{ old: { rtt: 0.1 }, new: {} }], ['rtt']);
    expect(rtt).toMatchObject({ ratio: undefined, range: undefined });
    expect(ratioTable([rtt], { old: 'abc', new: 'here' })).toMatch(/\| — +\| — +\| — +\|$/);
  });
});

describe('profile', () => {
  it('adds up the time of a function over all its places in the call tree', () => {
    const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });
    const hot = hotFunctions({
      nodes: [
        { id: 1, callFrame: frame('(idle)') },
        { id: 2, callFrame: frame('seal', 'file:///x/dist/src/datapath/out.js', 9) },
        { id: 3, callFrame: frame('seal', 'file:///x/dist/src/datapath/out.js', 9) },
      ],
      samples: [1, 2, 3, 2],
      timeDeltas: [50, 20, 20, 10],
    });
    expect(hot).toEqual([
      { name: '(idle)', percent: 50 },
      { name: 'seal (src/datapath/out.js:10)', percent: 50 },
    ]);
  });
});
