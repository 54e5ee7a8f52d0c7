/** The terminal's picture as an animated SVG for the README: exactly the lines that were drawn, in time. */
import { CODE, CODES, ESCAPE, plain, type Style } from './ansi.js';

const COLUMN = 8.4;
const ROW = 18;
const MARGIN = 14;
/** How long the last picture stands before the recording starts again, in seconds. */
const LAST_STANDS = 6;
const COLOURS: Record<Style, string> = {
  bold: '#ffffff',
  dim: '#8b949e',
  red: '#ff7b72',
  green: '#7ee787',
  yellow: '#e3b341',
  cyan: '#79c0ff',
};

interface Frame {
  atSeconds: number;
  lines: string[];
}

export class Recording {
  private readonly frames: Frame[] = [];

  /** Keeps a picture, unless it came less than half a second after the previous one. */
  add(atSeconds: number, lines: string[]): void {
    const last = this.frames.at(-1);
    if (last && atSeconds - last.atSeconds < 0.5) return;
    this.frames.push({ atSeconds, lines });
  }

  /** The SVG, closing with `lastLines`. */
  svg(endSeconds: number, lastLines: string[]): string {
    const frames = [...this.frames, { atSeconds: endSeconds, lines: lastLines }];
    const start = frames[0].atSeconds;
    const length = endSeconds - start + LAST_STANDS;
    const columns = Math.max(...frames.flatMap(({ lines }) => lines.map((line) => plain(line).length)));
    const rows = Math.max(...frames.map(({ lines }) => lines.length));
    const width = Math.ceil(columns * COLUMN + 2 * MARGIN);
    const height = rows * ROW + 2 * MARGIN;
    const drawn = frames.map((frame, i) => {
      const from = (100 * (frame.atSeconds - start)) / length;
      const to = i + 1 < frames.length ? (100 * (frames[i + 1].atSeconds - start)) / length : 100;
      return frameSvg(frame, i, from, to, length);
    });
    // Viewers that do not play animations show the result.
    const still = `<style>#f${frames.length - 1}{visibility:visible}</style>`;
    return [
      // Old renderers keep blanks because of `xml:space`, new ones because of `white-space`.
      `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
      '<title>Octolink: links cut one after another under a flood ping</title>',
      '<style>text{font:14px monospace;fill:#e6edf3;white-space:pre}g{visibility:hidden}</style>',
      `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
      still,
      ...drawn,
      '</svg>\n',
    ].join('\n');
  }
}

function frameSvg(frame: Frame, index: number, from: number, to: number, length: number): string {
  const keys = `0%{visibility:hidden}${from.toFixed(3)}%{visibility:visible}${to.toFixed(3)}%{visibility:hidden}`;
  const first = from === 0 ? keys.replace('0%{visibility:hidden}', '') : keys;
  const timing = `@keyframes f${index}{${first}}#f${index}{animation:f${index} ${length.toFixed(2)}s step-end infinite}`;
  return `<style>${timing}</style><g id="f${index}">${frame.lines.map(lineSvg).join('')}</g>`;
}

function lineSvg(line: string, row: number): string {
  if (plain(line) === '') return '';
  const y = MARGIN + ROW * row + ROW - 4;
  return `<text x="${MARGIN}" y="${y}">${spans(line)}</text>`;
}

function spans(line: string): string {
  let fill: string | undefined;
  let out = '';
  for (const part of line.split(CODE)) {
    if (part.startsWith(ESCAPE)) {
      const code = Number(part.slice(2, -1));
      const style = (Object.keys(CODES) as Style[]).find((name) => CODES[name] === code);
      fill = style && COLOURS[style];
    } else if (part !== '') {
      const text = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      out += fill ? `<tspan fill="${fill}">${text}</tspan>` : text;
    }
  }
  return out;
}
