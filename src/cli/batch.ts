/** Runs without a terminal: `-c`, `-f`, words, standard input, and the check of a file. */
import { asFailure } from './base/daemon-client.js';
import { CliFailure, EXIT, failure } from './base/failure.js';
import type { Origin } from './interpreter/given-line.js';
import { Interpreter, type InterpreterOptions } from './interpreter/interpreter.js';
import { TEXT_WIDTH } from './output/table.js';

interface BatchLine {
  text: string;
  origin: Origin | null;
}

/** Writes a failure to the standard error and returns its exit code. */
export function report(error: unknown): number {
  const { lines, exitCode } = asFailure(error);
  process.stderr.write(`${lines.join('\n')}\n`);
  return exitCode;
}

interface BatchOptions {
  stopAtFirstError: boolean;
  timestamps: boolean;
  /** Longest time that a command may take; null: no limit. */
  timeoutMs: number | null;
}

/** Runs the lines in order; returns the exit code of the first that failed, or 0. */
export async function runBatch(
  lines: readonly BatchLine[],
  options: InterpreterOptions,
  { stopAtFirstError, timestamps, timeoutMs }: BatchOptions,
): Promise<number> {
  const interpreter = new Interpreter(options);
  let exitCode: number = EXIT.OK;
  const attempt = async (work: () => Promise<void>) => {
    try {
      await withinTime(interpreter, timeoutMs, work);
    } catch (error) {
      const code = report(error);
      exitCode ||= code;
    }
  };
  for (const { text, origin } of lines) {
    if (timestamps && text.trim() !== '') await printLines([`# ${new Date().toISOString()} ${text.trim()}`]);
    await attempt(() => runOrHelp(interpreter, text, origin));
    if (interpreter.left || (exitCode !== EXIT.OK && stopAtFirstError)) break;
  }
  if (exitCode === EXIT.OK || !stopAtFirstError) await attempt(() => interpreter.finish());
  await interpreter.disconnect();
  return exitCode;
}

/**
 * Runs a line. One of the command line may ask for help as at a terminal, by `?` as its last word, or at the end of a
 * word that makes no sense with it.
 */
async function runOrHelp(interpreter: Interpreter, text: string, origin: Origin | null): Promise<void> {
  if (origin !== null || !text.endsWith('?')) return interpreter.run(text, origin);
  const help = async () => {
    const { helpLines } = await import('./completion/suggestions.js');
    await printLines(await helpLines(interpreter, text.slice(0, -1), TEXT_WIDTH));
  };
  if (/(?:^|[ \t])\?$/.test(text)) return help();
  try {
    await interpreter.run(text, origin);
  } catch (error) {
    if (!(error instanceof CliFailure) || error.exitCode !== EXIT.SYNTAX) throw error;
    await help();
  }
}

/** Interrupts work that takes too long. */
async function withinTime(
  interpreter: Interpreter,
  timeoutMs: number | null,
  work: () => Promise<void>,
): Promise<void> {
  if (timeoutMs === null) return work();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    interpreter.interrupt();
  }, timeoutMs);
  try {
    await work();
  } catch (error) {
    throw late ? failure(EXIT.FAILED, `timed out after ${timeoutMs / 1000} s`) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Prints lines as they come, at the pace of whoever reads them. */
export async function print(lines: AsyncIterable<string[]>): Promise<void> {
  for await (const batch of lines) await printLines(batch);
}

export function printLines(lines: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    if (lines.length === 0) resolve();
    else process.stdout.write(`${lines.join('\n')}\n`, () => resolve());
  });
}

/** The lines of a file, or of the standard input for `-`. */
export async function readLines(file: string): Promise<BatchLine[]> {
  const text = await readText(file);
  const source = file === '-' ? 'stdin' : file;
  return text.split(/\r?\n/).map((line, index) => ({ text: line, origin: { source, line: index + 1 } }));
}

export async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Checks a configuration file; returns the exit code. */
export async function checkFile(file: string): Promise<number> {
  const { parseConfig } = await import('../config/edit.js');
  const { syntax, contradictions, warnings } = parseConfig(await readText(file));
  const errors = [...syntax, ...contradictions];
  for (const [kind, problems] of [['error', errors] as const, ['warning', warnings] as const]) {
    for (const { line, column, message, text } of problems) {
      const place = line === 0 ? `${file}: ${text}` : `${file}:${line}:${column}`;
      process.stderr.write(`${place}: ${kind}: ${message}\n`);
    }
  }
  return errors.length === 0 ? EXIT.OK : EXIT.BAD_CONFIG;
}

async function readText(file: string): Promise<string> {
  try {
    if (file === '-') return await readInput();
    const { readFile } = await import('node:fs/promises');
    return await readFile(file, 'utf8');
  } catch (error) {
    throw failure(EXIT.FAILED, `cannot read ${file}: ${(error as Error).message}`);
  }
}
