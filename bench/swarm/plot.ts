/** Clients up over time, as an SVG that stands alone. */
import { escapeHtml } from '../../scripts/drill/plot.js';
import type { Point } from './figures.js';

export interface Curve {
  name: string;
  points: readonly Point[];
}

const [WIDTH, HEIGHT] = [640, 320];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 16, 24, 40];
const COLOURS = ['#0072b2', '#d55e00'];
const TICKS = 5;

/** The picture of some curves; the scale goes up to `clients`. */
export function plotOf(curves: readonly Curve[], clients: number): string {
  const longest = Math.max(1, ...curves.flatMap(({ points }) => points.map(({ ms }) => ms)));
  const x = (ms: number): number => LEFT + (ms / longest) * (WIDTH - LEFT - RIGHT);
  const y = (up: number): number => HEIGHT - BOTTOM - (up / clients) * (HEIGHT - TOP - BOTTOM);
  const title = `Clients up over time, of ${clients}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...ticks(clients).map((up) => horizontal(y(up), String(up))),
    ...ticks(longest / 1000).map((s) => vertical(x(s * 1000), `${s} s`)),
    ...curves.map((curve, index) => drawn(curve, index, x, y)),
    '</svg>\n',
  ].join('\n');
}

/** Round numbers from 0 up to `most`. */
function ticks(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(most / TICKS));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => most / size <= TICKS)!;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => Number((index * step).toFixed(3)));
}

function horizontal(y: number, label: string): string {
  const line = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#ddd"/>`;
  return `${line}<text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${label}</text>`;
}

function vertical(x: number, label: string): string {
  const line = `<line x1="${x}" x2="${x}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#eee"/>`;
  return `${line}<text x="${x}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label}</text>`;
}

function drawn(
  { name, points }: Curve,
  index: number,
  x: (ms: number) => number,
  y: (up: number) => number,
): string {
  const colour = COLOURS[index % COLOURS.length];
  const places = points.map(({ ms, up }) => `${x(ms).toFixed(1)},${y(up).toFixed(1)}`).join(' ');
  const line = `<polyline points="${places}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  const at = WIDTH - RIGHT - 8;
  const label = `<text x="${at}" y="${HEIGHT - BOTTOM - 12 - 16 * index}" text-anchor="end" fill="${colour}">${escapeHtml(name)}</text>`;
  return line + label;
}
