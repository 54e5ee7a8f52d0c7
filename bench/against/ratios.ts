/** The table of a comparison of two builds. */
import { FIGURES, type Figure, type Figures } from '../figures.js';
import { markdown, median, number, spreadPercent } from '../report.js';

/** The figures of both builds in one round; those of a failed run are missing. */
export interface Round {
  old: Figures;
  new: Figures;
}

export interface Comparison {
  figure: Figure;
  old: number[];
  new: number[];
  /**
   * Median over the rounds of new divided by old. Both runs of a round are close in time, so load on the machine affects
   * both alike. Undefined when no round has both.
   */
  ratio: number | undefined;
  /** Lowest and highest ratio of a single round. */
  range: [number, number] | undefined;
}

/** Compares the two builds, a figure each. */
export function compareRounds(rounds: Round[], figures: Figure[]): Comparison[] {
  return figures.map((figure) => {
    const values = (which: 'old' | 'new') => rounds.flatMap((round) => round[which][figure] ?? []);
    const single = rounds.flatMap((round) => quotient(round.new[figure], round.old[figure]) ?? []);
    return {
      figure,
      old: values('old'),
      new: values('new'),
      ratio: median(single),
      range: single.length === 0 ? undefined : [Math.min(...single), Math.max(...single)],
    };
  });
}

function quotient(dividend: number | undefined, divisor: number | undefined): number | undefined {
  return dividend === undefined || !divisor ? undefined : dividend / divisor;
}

/** One line a figure: both medians with their spread, and the ratio with its range over the rounds. */
export function ratioTable(comparisons: Comparison[], titles: { old: string; new: string }): string {
  const head = ['', 'better', titles.old, titles.new, 'new/old', 'in single rounds'];
  const body = comparisons.map(({ figure, ratio, range, ...values }) => {
    const { title, unit, lowerIsBetter } = FIGURES[figure];
    return [
      `${title}, ${unit}`,
      lowerIsBetter ? 'less' : 'more',
      cell(values.old),
      cell(values.new),
      ratio?.toFixed(3) ?? '—',
      range?.map((value) => value.toFixed(2)).join('–') ?? '—',
    ];
  });
  return markdown([head, ...body]);
}

/** The median and, from two rounds on, the spread. */
function cell(values: number[]): string {
  const spread = spreadPercent(values);
  return number(median(values)) + (spread === undefined ? '' : ` ±${spread.toFixed(0)}%`);
}
