/** Commands of the CLI in the process of the test: for tests whose matter is what they say, and not the program. */
import type { InterpreterOptions } from '../../src/cli/interpreter/interpreter.js';

export interface Said {
  /** Exit code that the program would have. Why a command failed goes to the standard error, as the program writes it. */
  code: number;
  out: string;
  /** Remarks beside the output. */
  remarks: string[];
}

/** Runs lines one after the other until one fails, as `octolink -e` does with its standard input. */
export async function runLines(socket: string, lines: readonly string[]): Promise<Said> {
  // Loaded at the first need: most tests of daemons have none.
  const [{ runBatch }, { readArguments }, { defaultSettings }] = await Promise.all([
    import('../../src/cli/batch.js'),
    import('../../src/cli/arguments.js'),
    import('../../src/cli/base/settings.js'),
  ]);
  const given = readArguments(['-e', '-s', socket], process.env);
  const said: Said = { code: 0, out: '', remarks: [] };
  const options: InterpreterOptions = {
    ...given,
    clientName: 'octolink test',
    interactive: false,
    settings: defaultSettings(false),
    readInput: async () => '',
    print: async (batches) => {
      for await (const batch of batches) said.out += batch.map((line) => `${line}\n`).join('');
    },
    remark: (more) => void said.remarks.push(...more),
    terminal: async () => null,
    history: () => [],
  };
  const numbered = lines.map((text, index) => ({ text, origin: { source: 'stdin', line: index + 1 } }));
  said.code = await runBatch(numbered, options, given);
  return said;
}
