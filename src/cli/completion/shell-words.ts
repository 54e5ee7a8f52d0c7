/** Answers a shell that asks, at Tab, how the words of a command line can go on. */
import { renderWord } from '../../grammar/words.js';
import { OPTIONS } from '../command-line-options.js';
import { Interpreter, type InterpreterOptions } from '../interpreter/interpreter.js';
import { suggestionsFor } from './suggestions.js';

/**
 * `words` follow the program's name, the last one unfinished. Gives a line for each way to go on: the word, a
 * tab, its meaning. No line: the shell knows best, for instance which files there are.
 */
export async function completeWords(
  words: readonly string[],
  options: InterpreterOptions,
): Promise<string[]> {
  const partial = words.at(-1) ?? '';
  let { socket } = options;
  let at = 0;
  for (; at < words.length - 1 && words[at].startsWith('-'); at++) {
    const option = OPTIONS.find(({ flag }) => flag === words[at]);
    if (option?.operand === undefined) continue;
    at++;
    if (option.flag === '-s') socket = words[at];
  }
  // The unfinished word is the operand of an option.
  if (at > words.length - 1) return [];
  if (at === words.length - 1 && partial.startsWith('-')) {
    const found = OPTIONS.filter(({ flag }) => flag.startsWith(partial));
    return found.map(({ flag, help }) => `${flag}\t${help}`);
  }
  const before = words.slice(at, -1).map((word) => (word.startsWith('|') ? word : renderWord(word)));
  const interpreter = new Interpreter({ ...options, socket });
  try {
    const { found } = await suggestionsFor(interpreter, [...before, partial].join(' '));
    return [...found].map(([word, help]) => `${word}\t${help}`);
  } finally {
    await interpreter.disconnect();
  }
}
