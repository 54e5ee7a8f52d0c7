/** Output that goes into a file of the user's: `redirect`, `append`, `tee`. */
import type { FileHandle } from 'node:fs/promises';
import { EXIT, failure } from '../base/failure.js';

type Lines = AsyncIterable<string[]>;

export interface FileOptions {
  /** `w` overwrites the file, `a` appends to it. */
  flags: 'w' | 'a';
  /** Lines go on to the next stage, too. */
  pass: boolean;
}

/** Writes lines to a file. The file is opened before the first line is asked for. Throws a `CliFailure`. */
export function intoFile(path: string, { flags, pass }: FileOptions): (lines: Lines) => Lines {
  return async function* (lines) {
    const { open } = await import('node:fs/promises');
    const file = await attempt(path, () => open(path, flags, 0o600));
    try {
      for await (const batch of lines) {
        await attempt(path, () => append(file, batch));
        if (pass) yield batch;
      }
    } finally {
      await file.close();
    }
  };
}

async function append(file: FileHandle, lines: string[]): Promise<void> {
  if (lines.length > 0) await file.appendFile(`${lines.join('\n')}\n`);
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failure(EXIT.FAILED, `cannot write ${path}: ${(error as Error).message}`);
  }
}
