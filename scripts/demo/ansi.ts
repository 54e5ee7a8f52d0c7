/** The few styles that the picture uses, as terminal codes, and lines cut to a width in which codes do not count. */

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export const CODES: Record<Style, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

export const ESCAPE = '\u001b';
/** Splits a line into codes and text; the codes are kept by the group. */
export const CODE = new RegExp(`(${ESCAPE}\\[[0-9;]*m)`);

/** `text` in a style. */
export function styled(style: Style, text: string): string {
  return `${ESCAPE}[${CODES[style]}m${text}${ESCAPE}[0m`;
}

/** `line` without its codes. */
export function plain(line: string): string {
  return line
    .split(CODE)
    .filter((part) => !part.startsWith(ESCAPE))
    .join('');
}

/** `line` cut to `width` characters, codes not counted, and closed so that no style leaks. */
export function truncate(line: string, width: number): string {
  if (plain(line).length <= width) return line;
  let left = width - 1;
  let out = '';
  for (const part of line.split(CODE)) {
    if (part.startsWith(ESCAPE)) out += part;
    else {
      out += part.slice(0, left);
      left -= Math.min(left, part.length);
    }
  }
  return `${out}…${ESCAPE}[0m`;
}
