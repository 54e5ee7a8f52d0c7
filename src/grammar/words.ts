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

const BLANK = /[ \t]/;
/** Controls, line separators, direction overrides and lone surrogates: they cannot be shown as they are. */
export const UNPRINTABLE = /(?!\t)[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069\ufeff\ufffd]/u;

/**
 * Splits a line into words: blanks separate, `"…"` (with `\"` and `\\`) and `'…'` (literal) group when they open a
 * word, `!` or `#` as the first character of a word starts a comment. Linear in the length of the line.
 */
export function splitLine(source: string): SplitLine {
  const words: Word[] = [];
  const unprintable = source.search(UNPRINTABLE);
  const result: SplitLine = { source, words, problem: null, commentAt: source.length };
  let at = 0;
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
  if (unprintable >= 0 && unprintable < (result.problem?.at ?? result.commentAt)) {
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

/** Writes free text (the `LINE` type) so that it reads back identically. */
export function renderLine(value: string): string {
  const { words, problem } = splitLine(value);
  const plain =
    problem === null &&
    words.length > 0 &&
    !words[0].quoted &&
    words[0].start === 0 &&
    words[words.length - 1].end === value.length;
  return plain ? value : quote(value);
}

/** The free text that starts with word `index` of a line: unquoted when it is a single quoted word, else as written. */
export function restOfLine(line: SplitLine, index: number): string {
  const first = line.words[index];
  if (first.quoted && index === line.words.length - 1) return first.text;
  return line.source.slice(first.start, line.words[line.words.length - 1].end);
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
