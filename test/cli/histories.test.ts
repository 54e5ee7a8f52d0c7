import { describe, expect, it } from 'vitest';
import { SERIES } from '../../src/api/history.js';
import type { LinkHistory } from '../../src/api/index.js';
import { historiesText } from '../../src/cli/output/histories.js';

function history(steps: number, known: Partial<LinkHistory['values']>): LinkHistory {
  const nothing = new Array<null>(steps).fill(null);
  const values = { ...Object.fromEntries(SERIES.map((name) => [name, nothing])), ...known };
  return {
    interface: 'octo0',
    peer: 'osaka',
    link: 1,
    stepSeconds: 1,
    endMs: 0,
    values: values as LinkHistory['values'],
    largest: null,
  };
}

describe('the history of a link as text', () => {
  it('has a row of bars and the last, mean and largest number for each series of which anything is known', () => {
    const text = historiesText([
      history(8, {
        downPermille: [0, 0, 0, 0, 1000, 1000, 0, 0],
        rttUs: [10_000, 10_000, 20_000, 80_000, null, null, 10_000, 10_000],
      }),
    ]);
    expect(text).toEqual([
      'osaka link 1 (octo0): the last 8 s, 1 s a bar',
      `${' '.repeat(55)}    last    mean     max`,
      `Down %         ▁▁▁▁██▁▁${' '.repeat(32)}     0.0    25.0   100.0`,
      `RTT ms         ▂▂▃█  ▂▂${' '.repeat(32)}    10.0    23.3    80.0`,
    ]);
  });

  it('shows a peak of a single second among ten minutes', () => {
    const rttUs = new Array<number>(600).fill(1000);
    rttUs[333] = 9000;
    const [title, , row] = historiesText([history(600, { rttUs, downPermille: rttUs.map(() => 0) })]).filter(
      (line) => !line.startsWith('Down'),
    );
    expect(title).toContain('the last 10 min, 15 s a bar');
    expect(row.match(/█/g)).toHaveLength(1);
    expect(row).toMatch(/1\.000 {3}1\.013 {3}9\.000$/);
  });

  it('of hours draws the worst second of each minute, and tells the mean of the minutes', () => {
    const means = [100, 0, 0];
    const largest = [100, 0, 900];
    const hours: LinkHistory = {
      ...history(3, { lossOutPermille: means }),
      stepSeconds: 60,
      largest: history(3, { lossOutPermille: largest }).values,
    };
    const [title, , row] = historiesText([hours]);
    expect(title).toContain('the last 3 min, 60 s a bar');
    expect(row).toMatch(/^Loss out % {5}▂▁█ .* 0\.0 +3\.3 +90\.0$/);
  });

  it('says so when there is nothing', () => {
    expect(historiesText([])).toEqual(['No history is kept for such a link.']);
    expect(historiesText([history(0, {})])).toEqual([
      'osaka link 1 (octo0): no data yet, the first second has not passed.',
    ]);
  });
});
