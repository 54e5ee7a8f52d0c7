/** What the user wants at a full screen. */
import type { Key } from './key-decoder.js';
import type { Terminal } from './terminal.js';

export type Wish =
  | { kind: 'page' | 'line' | 'back' | 'first' | 'last' | 'next' | 'previous' }
  | { kind: 'quit' }
  /** On to the first line that matches. */
  | { kind: 'search'; pattern: RegExp };

const QUESTION = ' --More-- ';
const KEYS = ' --More-- (space page, Enter line, b back, g G ends, /WORD n N search, q quit) ';
const ERASE = '\r\x1b[K';

const WISHES: Readonly<Record<string, Exclude<Wish['kind'], 'search'>>> = {
  ' ': 'page',
  f: 'page',
  'ctrl-f': 'page',
  'page-down': 'page',
  enter: 'line',
  down: 'line',
  j: 'line',
  b: 'back',
  'ctrl-b': 'back',
  'page-up': 'back',
  g: 'first',
  home: 'first',
  G: 'last',
  end: 'last',
  n: 'next',
  N: 'previous',
  q: 'quit',
  Q: 'quit',
  'ctrl-c': 'quit',
  'ctrl-d': 'quit',
  'ctrl-z': 'quit',
};

/** Asks what to do at a full screen; `note` says why it is asked once more. */
export async function askAtFullScreen(terminal: Terminal, note: string, signal: AbortSignal): Promise<Wish> {
  const question = note === '' ? QUESTION : `${QUESTION}(${note}) `;
  terminal.write(question);
  const wish = await new Promise<Wish>((resolve) => {
    let pattern: string | null = null;
    const release = terminal.capture((key) => {
      const answer = pattern === null ? answerOf(key) : editPattern(pattern, key);
      if (answer === null) {
        terminal.write(ERASE + (pattern === null ? KEYS : QUESTION));
        pattern = null;
      } else if (typeof answer === 'string') {
        pattern = answer;
        terminal.write(`${ERASE}/${pattern}`);
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

/** The wish; an empty pattern where a search begins; null for a key that is for nothing here. */
function answerOf(key: Key): Wish | '' | null {
  const name = key.kind === 'text' ? key.text : key.name;
  if (name === '/') return '';
  return Object.hasOwn(WISHES, name) ? ({ kind: WISHES[name] } as Wish) : null;
}

/** The pattern with one more key; the search when it is complete; null when it is given up. */
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
