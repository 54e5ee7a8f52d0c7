/** Stops long output at full screens. */
import { displayWidth } from '../../grammar/display-width.js';
import type { Key } from './key-decoder.js';
import type { Terminal } from './terminal.js';

const QUESTION = ' --More-- ';
const KEYS = ' --More-- (space: a page, Enter: a line, /WORD: search, q: quit) ';
const ERASE = '\r\x1b[K';

/** What the user wants at a full screen. */
type Wish =
  | { kind: 'page' | 'line' | 'quit' }
  /** Skip to the first line that matches. */
  | { kind: 'search'; pattern: RegExp };

interface PagerOptions {
  /** Rows of a screen; 0: never stop. Asked at each screen, since it may change. */
  height(): number;
  /** What is done to a line last, such as colours; it must not change its width. */
  paint(line: string): string;
}

/**
 * Prints lines as they come and stops whenever a screen is full. Ends the source early when the user has seen enough,
 * and when `signal` aborts.
 */
export async function page(
  terminal: Terminal,
  lines: AsyncIterable<string[]>,
  { height, paint }: PagerOptions,
  signal: AbortSignal,
): Promise<void> {
  const firstRoom = () => (height() > 1 ? height() - 1 : Number.POSITIVE_INFINITY);
  let room = firstRoom();
  let wanted: RegExp | null = null;
  for await (const batch of lines) {
    let text = '';
    for (const line of batch) {
      if (wanted !== null) {
        if (!wanted.test(line)) continue;
        wanted = null;
      }
      const rows = rowsOf(line, terminal.columns);
      for (const [index, row] of rows.entries()) {
        // Asked before the row that does not fit, so that nothing is asked after the last line.
        if (room <= 0) {
          await terminal.writeFully(text);
          text = '';
          const wish = await ask(terminal, signal);
          if (wish.kind === 'quit') return;
          if (wish.kind === 'search') {
            wanted = wish.pattern;
            terminal.write('...skipping\n');
          }
          room = wish.kind === 'line' ? 1 : firstRoom();
          if (wanted !== null && !wanted.test(line)) break;
          wanted = null;
        }
        room--;
        const isLast = index === rows.length - 1;
        // A row that is full goes on to the next one by itself.
        text += rows.length === 1 ? `${paint(row)}\n` : isLast || room <= 0 ? `${row}\n` : row;
      }
    }
    await terminal.writeFully(text);
    if (signal.aborted) return;
  }
  if (wanted !== null) terminal.write('% Pattern not found\n');
}

/** Asks what to do at a full screen. */
async function ask(terminal: Terminal, signal: AbortSignal): Promise<Wish> {
  terminal.write(QUESTION);
  const wish = await new Promise<Wish>((resolve) => {
    let pattern: string | null = null;
    const release = terminal.capture((key) => {
      const answer = pattern === null ? answerOf(key) : null;
      if (pattern !== null) {
        const typed = editPattern(pattern, key);
        if (typeof typed === 'string') {
          pattern = typed;
          terminal.write(`${ERASE}/${pattern}`);
        } else if (typed === null) {
          pattern = null;
          terminal.write(ERASE + QUESTION);
        } else {
          finish(typed);
        }
      } else if (answer === 'search') {
        pattern = '';
        terminal.write(`${ERASE}/`);
      } else if (answer === null) {
        terminal.write(ERASE + KEYS);
      } else {
        finish(answer);
      }
      return true;
    });
    const finish = (answer: Wish) => {
      release();
      signal.removeEventListener('abort', quit);
      resolve(answer);
    };
    const quit = () => finish({ kind: 'quit' });
    signal.addEventListener('abort', quit);
    if (terminal.ended || signal.aborted) quit();
  });
  terminal.write(ERASE);
  return wish;
}

function answerOf(key: Key): Wish | 'search' | null {
  const name = key.kind === 'text' ? key.text : key.name;
  switch (name) {
    case ' ':
    case 'f':
    case 'ctrl-f':
    case 'page-down':
      return { kind: 'page' };
    case 'enter':
    case 'down':
    case 'j':
      return { kind: 'line' };
    case 'q':
    case 'Q':
    case 'ctrl-c':
    case 'ctrl-d':
    case 'ctrl-z':
      return { kind: 'quit' };
    case '/':
      return 'search';
    default:
      return null;
  }
}

/** The pattern with a key more; the search when it is complete; null when it is given up. */
function editPattern(pattern: string, key: Key): string | Wish | null {
  if (key.kind === 'text') return pattern + key.text;
  if (key.name === 'backspace') return pattern === '' ? null : pattern.slice(0, -1);
  if (key.name !== 'enter') return key.name === 'ctrl-c' ? null : pattern;
  try {
    return { kind: 'search', pattern: new RegExp(pattern, 'u') };
  } catch {
    return null;
  }
}

/** A line as the rows that it takes on the screen. */
function rowsOf(line: string, columns: number): string[] {
  if (line.length <= columns / 2 || displayWidth(line) <= columns) return [line];
  const rows: string[] = [];
  let row = '';
  let width = 0;
  for (const character of line) {
    const more = displayWidth(character);
    if (width + more > columns) {
      rows.push(row);
      row = '';
      width = 0;
    }
    row += character;
    width += more;
  }
  return [...rows, row];
}
