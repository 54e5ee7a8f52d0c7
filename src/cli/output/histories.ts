/** The past of links as rows of small bars. */

import type { LinkHistory } from '../../api/index.js';
import { milliseconds, percent, rate } from './format.js';
import { sparkline } from './sparkline.js';

const TITLE_WIDTH = 14;
const BARS = 40;
const NUMBER_WIDTH = 7;
/** Heights that a bar can have. */
const LEVELS = 8;

interface Row {
  name: keyof LinkHistory['values'];
  title: string;
  /** Whether anything above zero is worth a bar that can be seen. */
  isFault?: true;
  number(value: number | null): string;
}

const ROWS: readonly Row[] = [
  { name: 'downPermille', title: 'Down %', isFault: true, number: percent },
  { name: 'rttUs', title: 'RTT ms', number: milliseconds },
  { name: 'jitterUs', title: 'Jitter ms', number: milliseconds },
  { name: 'lossOutPermille', title: 'Loss out %', isFault: true, number: percent },
  { name: 'lossInPermille', title: 'Loss in %', isFault: true, number: percent },
  { name: 'sentBytesPerSecond', title: 'Out Mbit/s', number: rate },
  { name: 'deliveredBytesPerSecond', title: 'Arrived Mbit/s', number: rate },
  { name: 'receivedBytesPerSecond', title: 'In Mbit/s', number: rate },
  { name: 'queueUs', title: 'Queue ms', number: milliseconds },
  { name: 'capacityBytesPerSecond', title: 'Capacity Mb/s', number: rate },
];

export function historiesText(histories: LinkHistory[]): string[] {
  if (histories.length === 0) return ['No history is kept for such a link.'];
  return histories.flatMap((history, index) => [...(index === 0 ? [] : ['']), ...historyText(history)]);
}

function historyText(history: LinkHistory): string[] {
  const { interface: name, peer, link, stepSeconds, values } = history;
  const steps = values.downPermille.length;
  const title = `${peer} link ${link} (${name})`;
  if (steps === 0)
    return [`${title}: no data yet, the first ${stepSeconds === 1 ? 'second' : 'minute'} has not passed.`];
  const rows = ROWS.filter((row) => values[row.name].some((value) => value !== null));
  return [
    `${title}: the last ${timeOf(steps * stepSeconds)}, ${timeOf(columnSeconds(steps, stepSeconds))} a bar`,
    line('', '', ['last', 'mean', 'max']),
    ...rows.map((row) => rowText(row, history)),
  ];
}

/** The largest value of each step is drawn, so that no peak is lost. */
function rowText({ name, title, isFault, number }: Row, { values, largest }: LinkHistory): string {
  const means = values[name];
  const peaks = largest === null ? means : largest[name];
  const known = means.filter((value) => value !== null);
  const most = peaks.reduce<number>((found, value) => Math.max(found, value ?? found), 0);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const least = isFault ? most / (LEVELS - 1) : 0;
  const drawn = peaks.map((value) => (value === null || value === 0 ? value : Math.max(value, least)));
  return line(title, sparkline(drawn, BARS, { low: 0, high: most }), [
    number(means[means.length - 1]),
    number(mean),
    number(most),
  ]);
}

function line(title: string, bars: string, numbers: string[]): string {
  const cells = numbers.map((text) => ` ${text.padStart(NUMBER_WIDTH)}`).join('');
  return `${title.padEnd(TITLE_WIDTH)} ${bars.padEnd(BARS)}${cells}`;
}

function columnSeconds(steps: number, stepSeconds: number): number {
  return Math.max(1, steps / BARS) * stepSeconds;
}

/** `45 s`, `9.5 min`, `24 h`. */
function timeOf(seconds: number): string {
  const [value, unit] =
    seconds < 120 ? [seconds, 's'] : seconds < 7200 ? [seconds / 60, 'min'] : [seconds / 3600, 'h'];
  return `${Number(value.toFixed(1))} ${unit}`;
}
