/** Colours for what a person looks for first: states, and lines that came or went. Terminals only. */

const RED = '\x1b[31m';
const GREEN = '\x1b[32m';
const YELLOW = '\x1b[33m';
const BOLD = '\x1b[1m';
const PLAIN = '\x1b[0m';

const STATES: ReadonlyMap<string, string> = new Map([
  ...['up*', 'up', 'running', 'on'].map((state) => [state, GREEN] as const),
  ...['down', 'one-way', 'dead', 'gone'].map((state) => [state, RED] as const),
  ...['waiting', 'shutdown', 'shut down', 'damped', 'draining', 'drained'].map(
    (state) => [state, YELLOW] as const,
  ),
]);

/** A state in a column of its own, or in a sentence: `Link 0 is up for …`, `link 0 down: …`. */
const STATE = new RegExp(
  `(?<=^|\\s{2}|\\bis |\\blink \\d )(?:${[...STATES.keys()].join('|').replace('*', '\\*')})(?=$|\\s{2}|[:,]| for )`,
  'gu',
);

/** Colours a line of output; a line without states stays as it is. */
export function colourLine(line: string): string {
  if (/^% ?[A-Z]/.test(line) || /^-\s/.test(line)) return `${RED}${line}${PLAIN}`;
  if (/^\+\s/.test(line)) return `${GREEN}${line}${PLAIN}`;
  return line.replace(STATE, (state) => `${STATES.get(state)}${state}${PLAIN}`);
}

export function bold(text: string): string {
  return `${BOLD}${text}${PLAIN}`;
}

/** Whether to colour where nobody has said: on a terminal that can, unless https://no-color.org asks not to. */
export function wantsColour(environment: NodeJS.ProcessEnv): boolean {
  return !environment['NO_COLOR'] && !/^(?:|dumb|unknown|vt\d+)$/.test(environment['TERM'] ?? '');
}
