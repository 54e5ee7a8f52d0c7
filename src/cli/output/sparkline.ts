/** A series of numbers as a row of small bars: `▁▂▃▅█ ▂`. */

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const GAP = ' ';

interface SparklineScale {
  /** Value of the lowest bar; default: the smallest value of the series. */
  low?: number;
  /** Value of the highest bar; default: the largest value of the series. */
  high?: number;
}

/**
 * Draws `values` in at most `width` columns, oldest first. `null` (nothing measured) is a gap. A series longer than
 * `width` is resampled: a bar then stands for several neighbours and shows the largest of them, so that no peak gets
 * lost. A shorter series is not stretched. Values outside the scale are drawn at its ends; a flat series is low bars.
 */
export function sparkline(
  values: readonly (number | null)[],
  width = values.length,
  scale: SparklineScale = {},
): string {
  const columns = resample(values, width);
  const measured = columns.filter((value) => value !== null);
  const low = scale.low ?? measured.reduce((least, value) => Math.min(least, value), Infinity);
  const high = scale.high ?? measured.reduce((most, value) => Math.max(most, value), -Infinity);
  return columns.map((value) => (value === null ? GAP : bar(value, low, high))).join('');
}

function bar(value: number, low: number, high: number): string {
  if (high <= low) return BARS[0];
  const height = Math.round(((value - low) / (high - low)) * (BARS.length - 1));
  return BARS[Math.min(BARS.length - 1, Math.max(0, height))];
}

/** Groups neighbours into `width` columns, each the largest of its group; null where a group has no value. */
function resample(values: readonly (number | null)[], width: number): (number | null)[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: Math.max(0, width) }, (_, column) => {
    const from = Math.floor((column * values.length) / width);
    const to = Math.floor(((column + 1) * values.length) / width);
    return values
      .slice(from, to)
      .reduce((most, value) => (value === null || (most !== null && most >= value) ? most : value), null);
  });
}
