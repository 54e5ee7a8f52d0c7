/** What `octolink --help` prints. */
import { EXIT_CODES, NOTES, OPTIONS, SYNOPSES } from './command-line-options.js';

const WIDTH = 80;
const OPTION_COLUMN = 14;
const SYNOPSIS_COLUMN = 42;

export function usage(): string {
  const synopses = SYNOPSES.map(([form, meaning], index) => {
    const start = `${index === 0 ? 'Usage: ' : '       '}octolink ${form}`;
    return `${start.padEnd(SYNOPSIS_COLUMN)} ${meaning}`;
  });
  const options = OPTIONS.flatMap(({ flag, operand, help }) => {
    const start = `  ${flag}${operand === undefined ? '' : ` ${operand}`}`;
    return hanging(start, OPTION_COLUMN, help);
  });
  const codes = EXIT_CODES.map(([code, meaning]) => `${code} ${meaning}`).join(', ');
  return [...synopses, '', ...options, '', ...folded(NOTES), ...folded(`Exit codes: ${codes}.`)].join('\n');
}

/** `start`, then the text from a column on, on as many lines as it needs. */
function hanging(start: string, column: number, text: string): string[] {
  const lines = folded(text, WIDTH - column);
  return lines.map((line, index) => `${(index === 0 ? start : '').padEnd(column)}${line}`);
}

function folded(text: string, width = WIDTH): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
