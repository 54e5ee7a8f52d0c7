/** Plots of one link's last ten minutes: round trips, losses, rates. */
import type { LinkHistory } from '../api/history.js';
import { make } from './dom.js';
import Plot from './plot.js';

const HEIGHT = 150;
const GRID = '#8886';
/** Room for a time below the plot, in pixels. */
const TIME_WIDTH = 90;

/** A plot: its title, unit and lines (series of the history, label, stroke), and what makes the unit of a value. */
interface Kind {
  title: string;
  scale: number;
  /** The vertical scale reaches at least this far. */
  least: number;
  lines: [keyof LinkHistory['values'], string, string][];
}

const KINDS: Kind[] = [
  { title: 'Round trip, ms', scale: 1e-3, least: 1, lines: [['rttUs', 'round trip', '#0b79d0']] },
  {
    title: 'Loss, %',
    scale: 0.1,
    least: 1,
    lines: [
      ['lossOutPermille', 'out', '#c2410c'],
      ['lossInPermille', 'in', '#7c3aed'],
    ],
  },
  {
    title: 'Rate, Mbit/s',
    scale: 8e-6,
    least: 0.1,
    lines: [
      ['sentBytesPerSecond', 'sent', '#0f766e'],
      ['receivedBytesPerSecond', 'received', '#b45309'],
    ],
  },
];

export class Plots {
  private readonly boxes: readonly HTMLElement[];
  private readonly plots: Plot[] = [];

  /** The boxes of all plots are made at once: each takes its width from how many there are. */
  constructor(area: HTMLElement) {
    this.boxes = KINDS.map(({ title }) => make('div', { class: 'plot' }, make('h3', {}, title)));
    area.append(...this.boxes);
  }

  /** Shows a history, in place of the one before. */
  show(history: LinkHistory): void {
    KINDS.forEach((kind, index) => {
      const data = dataOf(history, kind);
      const box = this.boxes[index];
      this.plots[index] ??= this.begin(kind, data, box);
      const plot = this.plots[index];
      if (plot.width !== box.clientWidth) plot.setSize({ width: box.clientWidth, height: HEIGHT });
      plot.setData(data);
    });
  }

  private begin({ least, lines }: Kind, data: Plot.AlignedData, box: HTMLElement): Plot {
    const stroke = getComputedStyle(document.body).color;
    const axis = { stroke, grid: { stroke: GRID }, ticks: { stroke: GRID } };
    const times = {
      ...axis,
      space: TIME_WIDTH,
      values: (_plot: Plot, seconds: number[]) => seconds.map(clockText),
    };
    const series = lines.map(([, label, colour]) => ({
      label,
      stroke: colour,
      width: 2,
      points: { show: false },
    }));
    const scales: Plot.Scales = { y: { range: (_plot, _low, high) => [0, Math.max(high, least)] } };
    const legend = { live: false };
    const size = { width: box.clientWidth, height: HEIGHT };
    return new Plot({ ...size, legend, series: [{}, ...series], axes: [times, axis], scales }, data, box);
  }
}

/** `17:04:30`, in the time of this browser. */
function clockText(seconds: number): string {
  return new Date(seconds * 1000).toTimeString().slice(0, 8);
}

/** Seconds since the epoch, and each line's values. */
function dataOf({ endMs, stepSeconds, values }: LinkHistory, { lines, scale }: Kind): Plot.AlignedData {
  const columns = lines.map(([name]) => values[name].map((value) => (value === null ? null : value * scale)));
  const count = columns[0].length;
  const times = Array.from({ length: count }, (_, index) => endMs / 1000 - (count - 1 - index) * stepSeconds);
  return [times, ...columns];
}
