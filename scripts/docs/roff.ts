/** Just enough of the man(7) macros to write manuals. */

/** Text escaped for roff: nothing in it is a request or an escape sequence. */
export function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/[´`]/g, '\\`')
    .replace(/~/g, '\\(ti')
    .replace(/\^/g, '\\(ha')
    .replace(/…/g, '...')
    .replace(/[–—]/g, '\\-')
    .replace(/→/g, '\\(->')
    .replace(/^([.'])/gm, '\\&$1');
}

/** Date of the pages, not of this run: the same tables give the same text on any day. */
const EDITED = '2026-11-23';

export const bold = (text: string) => `\\fB${roff(text)}\\fP`;

export function title(name: string, section: number, manual: string, version: string): string[] {
  return [
    '.\\" Written by "npm run docs"; do not edit.',
    `.TH ${name.toUpperCase()} ${section} ${EDITED} "Octolink ${version}" "${manual}"`,
  ];
}

export const section = (name: string) => [`.SH ${name}`];
export const paragraph = (text: string) => ['.PP', roff(text)];

/** A term, already in roff, and what it means. */
export const item = (term: string, ...lines: string[]) => ['.TP', term, ...lines];

/** Lines printed unchanged, at the beginning of a section. */
export const verbatim = (text: string) => [
  '.nf',
  '.RS 4',
  ...text.trimEnd().split('\n').map(roff),
  '.RE',
  '.fi',
];
