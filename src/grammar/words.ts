/** One word of a command line, with its place in the line (UTF-16 offsets, `end` exclusive). */
export interface Word {
  text: string;
  start: number;
  end: number;
  /** Was written in quotes: it is a value, never a keyword. */
  quoted: boolean;
}

export interface SplitLine {
  source: string;
  words: Word[];
  /** Where the line stops being readable: an open quote, a control character. */
  problem: { at: number; message: string } | null;
  /** Offset at which a comment starts; the length of the line when there is none. */
  commentAt: number;
}

const BYTE_ORDER_MARK = '\ufeff';
const CARRIAGE_RETURN = '\r';

const BLANK = /[ \t]/;
/** Controls, line separators, direction overrides and lone surrogates: they cannot be shown as they are. */
export const UNPRINTABLE = /(?!\t)[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069\ufeff\ufffd]/u;

/**
 * Splits a line into words: blanks separate, `"…"` (with `\"` and `\\`) and `'…'` (literal) group when they open a
 * word, `!` or `#` as the first character of a word starts a comment. A byte order mark in front, which some editors
 * write, is skipped, and so is what is left of a line end of theirs. Linear in the length of the line.
 */
export function splitLine(line: string): SplitLine {
  const source = line.endsWith(CARRIAGE_RETURN) ? line.slice(0, -1) : line;
  const words: Word[] = [];
  const begin = source.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  const unprintable = source.slice(begin).search(UNPRINTABLE) + begin;
  const result: SplitLine = { source, words, problem: null, commentAt: source.length };
  let at = begin;
  while (at < source.length) {
    const char = source[at];
    if (BLANK.test(char)) {
      at++;
    } else if (char === '!' || char === '#') {
      result.commentAt = at;
      break;
    } else if (char === '"' || char === "'") {
      const word = quotedWord(source, at);
      if (word === null) {
        result.problem = { at, message: 'the quote is not closed' };
        break;
      }
      words.push(word);
      at = word.end;
    } else {
      let end = at + 1;
      while (end < source.length && !BLANK.test(source[end])) end++;
      words.push({ text: source.slice(at, end), start: at, end, quoted: false });
      at = end;
    }
  }
  if (unprintable >= begin && unprintable < (result.problem?.at ?? result.commentAt)) {
    result.problem = { at: unprintable, message: 'a character that cannot be printed' };
  }
  return result;
}

function quotedWord(source: string, start: number): Word | null {
  const quote = source[start];
  const parts: string[] = [];
  let from = start + 1;
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\' && quote === '"' && (source[at + 1] === '"' || source[at + 1] === '\\')) {
      parts.push(source.slice(from, at));
      from = at + 1;
      at++;
    } else if (source[at] === quote) {
      parts.push(source.slice(from, at));
      return { text: parts.join(''), start, end: at + 1, quoted: true };
    }
  }
  return null;
}

/** Writes a value so that it reads back as one word; `keywords` are those that could stand in its place. */
export function renderWord(value: string, keywords: readonly string[] = []): string {
  const { words, problem } = splitLine(value);
  const plain = problem === null && words.length === 1 && !words[0].quoted && words[0].text === value;
  return plain && !keywords.some((keyword) => keyword.startsWith(value)) ? value : quote(value);
}

/** Writes free text (the `TEXT` type) so that it reads back identically: as it is, but where only quotes can keep it. */
export function renderLine(value: string): string {
  const isPlain = /^[^ \t"'](?:.*[^ \t])?$/s.test(value) && !value.startsWith(BYTE_ORDER_MARK);
  return isPlain ? value : quote(value);
}

/**
 * The text that starts with word `index` of a line: unquoted when it is a single quoted word, with or without a comment
 * after it, else as written.
 */
export function restOfLine(line: SplitLine, index: number): string {
  const first = line.words[index];
  const next = line.words[index + 1];
  if (first.quoted && (next === undefined || /^[!#]/.test(next.text))) return first.text;
  return line.source.slice(first.start, line.words[line.words.length - 1].end);
}

/**
 * The same line with its comment, or the quote that is not closed, as one more word: how free text reads it. Null when
 * there is no such rest.
 */
export function withRest(line: SplitLine): SplitLine | null {
  const isOpenQuote = line.problem !== null && line.commentAt === line.source.length;
  const start = isOpenQuote ? (line.problem?.at ?? 0) : line.commentAt;
  let end = line.source.length;
  while (end > start && BLANK.test(line.source[end - 1])) end--;
  if (end === start || (line.problem !== null && !isOpenQuote)) return null;
  const rest = { text: line.source.slice(start, end), start, end, quoted: false };
  return { ...line, words: [...line.words, rest], problem: null, commentAt: line.source.length };
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
