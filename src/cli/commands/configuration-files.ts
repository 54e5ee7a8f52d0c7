/** Configurations in files of this host. */
import { type CommitOptions, type ConfigApplyResult, ERROR } from '../../api/index.js';
import { AnsweredError } from '../base/daemon-client.js';
import { CliFailure, EXIT, failure, problemLine } from '../base/failure.js';
import type { Cli } from './command.js';

/** Bringing a large configuration into force takes longer than answering a question. */
export const APPLY_PATIENCE_MS = 30_000;

interface Order extends CommitOptions {
  mode: 'merge' | 'replace';
  checkOnly: boolean;
}

/** Applies the lines of a file, all or none. Throws what is wrong with them, each with its place in the file. */
export async function applyFile(cli: Cli, file: string, order: Order): Promise<ConfigApplyResult> {
  const lines = (await readText(cli, file)).split(/\r?\n/);
  return applyLines(cli, lines, file, order);
}

/** The same for lines that `source` names. */
export async function applyLines(
  cli: Cli,
  lines: string[],
  source: string,
  order: Order,
): Promise<ConfigApplyResult> {
  const client = await cli.client();
  const params = { ...order, context: [], lines, candidate: cli.editing.hasCandidate };
  const result = await client.request('config.apply', params, APPLY_PATIENCE_MS).catch((error) => {
    throw placed(error, source);
  });
  cli.editing.take(result.state);
  cli.remark(result.warnings.map(({ line, message }) => `${source}:${line}: % Warning: ${message}`));
  return result;
}

/** The text of a file of this host. Throws `CliFailure` when it cannot be read, or may not be. */
export async function readText({ restricted }: Cli, file: string): Promise<string> {
  if (restricted) throw failure(EXIT.NOT_PERMITTED, 'a restricted user may not read files');
  const { readFile } = await import('node:fs/promises');
  return readFile(file, 'utf8').catch((error: Error) => {
    throw failure(EXIT.FAILED, `cannot read ${file}: ${error.message}`);
  });
}

/** Problems of a file with its name and their lines. */
function placed(error: unknown, file: string): unknown {
  if (!(error instanceof AnsweredError) || error.problems.length === 0) return error;
  const code = error.code === ERROR.SYNTAX ? EXIT.BAD_CONFIG : error.exitCode;
  const lines = error.problems.map((problem) => {
    const { line, column } = problem;
    return problemLine(problem, line === 0 ? file : `${file}:${line}:${column}`, '% Error');
  });
  return new CliFailure(code, lines);
}
