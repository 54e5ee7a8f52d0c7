/** Full-screen pictures that are redrawn again and again: `top` and `watch`. */
import { colourLine } from '../output/colour.js';
import { cut } from '../output/table.js';
import type { Key } from './key-decoder.js';
import type { Terminal } from './terminal.js';

interface Picture {
  /** Milliseconds between two pictures. */
  intervalMs(): number;
  /** The lines to show; what does not fit is cut. */
  draw(size: { columns: number; rows: number }): Promise<string[]>;
  /** Takes a key that does not end the picture; true: draw at once. */
  key(name: string): boolean;
  colour: boolean;
}

const HOME = '\x1b[H';
const CLEAR_REST_OF_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const ENDING = new Set(['q', 'Q', 'ctrl-c', 'ctrl-d', 'ctrl-z']);

/**
 * Draws until `q`, Ctrl-C, the end of the terminal, or until `signal` aborts. The screen of before comes back, also when
 * drawing throws.
 */
export async function showPicture(terminal: Terminal, picture: Picture, signal: AbortSignal): Promise<void> {
  let ended = false;
  let wake = (): void => {};
  const again = () => wake();
  const release = terminal.capture((key) => {
    const name = nameOf(key);
    if (ENDING.has(name)) ended = true;
    if (ended || picture.key(name)) again();
    return true;
  });
  const unresize = terminal.onResize(again);
  signal.addEventListener('abort', again);
  terminal.open();
  terminal.enterFullScreen();
  try {
    while (!ended && !signal.aborted && !terminal.ended) {
      const { columns, rows } = terminal;
      const lines = await picture.draw({ columns, rows });
      await terminal.writeFully(frame(lines, columns, rows, picture.colour));
      if (ended || signal.aborted) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, picture.intervalMs());
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    terminal.leaveFullScreen();
    signal.removeEventListener('abort', again);
    unresize();
    release();
  }
}

function nameOf(key: Key): string {
  return key.kind === 'text' ? key.text : key.name;
}

/** Written over the last picture rather than after clearing it, so that nothing flickers. */
function frame(lines: readonly string[], columns: number, rows: number, colour: boolean): string {
  const shown = lines.slice(0, rows).map((line) => {
    const fitting = cut(line, columns);
    return `${colour ? colourLine(fitting) : fitting}${CLEAR_REST_OF_LINE}`;
  });
  return `${HOME}${shown.join('\r\n')}${CLEAR_BELOW}`;
}
