/** A strip plot as inline SVG: a row for each name, a mark for each value, on a logarithmic scale of milliseconds. */

/** How a mark is drawn; both its shape and its colour say what it is. */
export type MarkKind = 'full' | 'hollow' | 'cross' | 'tick' | 'goal';

export interface Mark {
  kind: MarkKind;
  ms: number;
}

export interface PlotRow {
  label: string;
  marks: Mark[];
}

export interface PlotOptions {
  /** What the picture shows, for those who cannot see it. */
  description: string;
  /** The end of the scale, in ms. */
  mostMs: number;
}

const WIDTH = 560;
const LABEL_WIDTH = 128;
const RIGHT = 16;
const ROW_HEIGHT = 24;
const AXIS_HEIGHT = 26;
const LEAST_MS = 0.5;
const RADIUS = 3;
/** Spreads marks of one value over the height of their row, the same in every picture. */
const GOLDEN = 0.618_033_988_75;
const SPREAD = 12;

export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (letter) => names[letter]);
}

/** The picture; colours come from the page's style by the classes of the marks. */
export function stripPlot(rows: PlotRow[], { description, mostMs }: PlotOptions): string {
  const height = rows.length * ROW_HEIGHT + AXIS_HEIGHT;
  const right = Math.max(10, mostMs);
  const x = (ms: number): number => {
    const share = Math.log(Math.max(LEAST_MS, ms) / LEAST_MS) / Math.log(right / LEAST_MS);
    return LABEL_WIDTH + Math.min(1, share) * (WIDTH - LABEL_WIDTH - RIGHT);
  };
  const bottom = rows.length * ROW_HEIGHT;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(description)}">`,
    ...scale(right).map(({ ms, isMain }) => gridLine(x(ms), bottom, isMain ? `${ms} ms` : '')),
    ...rows.map((row, index) => plotRow(row, index * ROW_HEIGHT, x)),
    '</svg>',
  ].join('\n');
}

/** Positions of the lines: at every 1, 2 and 5, the powers of ten with their number. */
function scale(mostMs: number): { ms: number; isMain: boolean }[] {
  const lines: { ms: number; isMain: boolean }[] = [];
  for (let power = 1; power <= mostMs; power *= 10) {
    for (const step of [1, 2, 5]) {
      if (power * step <= mostMs) lines.push({ ms: power * step, isMain: step === 1 });
    }
  }
  return lines;
}

function gridLine(x: number, bottom: number, label: string): string {
  const line = `<line class="${label ? 'grid main' : 'grid'}" x1="${at(x)}" x2="${at(x)}" y1="0" y2="${bottom + 4}"/>`;
  return label === ''
    ? line
    : `${line}<text x="${at(x)}" y="${bottom + 18}" text-anchor="middle">${label}</text>`;
}

function plotRow({ label, marks }: PlotRow, top: number, x: (ms: number) => number): string {
  const middle = top + ROW_HEIGHT / 2;
  // Goals and lateness are drawn below what was measured.
  const inOrder = [...marks].sort((a, b) => layer(a) - layer(b));
  return [
    `<line class="row" x1="0" x2="${WIDTH}" y1="${top + ROW_HEIGHT}" y2="${top + ROW_HEIGHT}"/>`,
    `<text x="${LABEL_WIDTH - 10}" y="${middle + 4}" text-anchor="end">${escapeHtml(label)}</text>`,
    ...inOrder.map((mark, index) => drawn(mark, x(mark.ms), middle, index)),
  ].join('');
}

function layer({ kind }: Mark): number {
  return kind === 'goal' ? 0 : kind === 'tick' ? 1 : 2;
}

function drawn({ kind }: Mark, x: number, middle: number, index: number): string {
  const y = middle + (((index * GOLDEN) % 1) - 0.5) * SPREAD;
  switch (kind) {
    case 'goal':
      return `<line class="goal" x1="${at(x)}" x2="${at(x)}" y1="${middle - 10}" y2="${middle + 10}"/>`;
    case 'tick':
      return `<line class="tick" x1="${at(x)}" x2="${at(x)}" y1="${at(y - 3)}" y2="${at(y + 3)}"/>`;
    case 'cross': {
      const [a, b] = [RADIUS + 1, -RADIUS - 1];
      const line = (rise: number) => `M${at(x + b)} ${at(y + b * rise)}L${at(x + a)} ${at(y + a * rise)}`;
      return `<path class="cross" d="${line(1)}${line(-1)}"/>`;
    }
    default:
      return `<circle class="${kind}" cx="${at(x)}" cy="${at(y)}" r="${RADIUS}"/>`;
  }
}

/** A coordinate with as many digits as a screen can show. */
function at(value: number): string {
  return value.toFixed(1);
}
