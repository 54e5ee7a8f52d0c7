/** Where bytes go that are no lines: a file of the user's, or the standard output. */
import { EXIT, failure } from '../base/failure.js';

export interface Sink {
  /** Resolves when the bytes are on their way, so that a slow reader slows down who writes. */
  write(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file for writing, readable by its owner alone; null: the standard output. Throws a `CliFailure`. */
export async function openSink(path: string | null): Promise<Sink> {
  if (path === null) {
    return {
      write: (bytes) => new Promise((resolve) => void process.stdout.write(bytes, () => resolve())),
      close: () => Promise.resolve(),
    };
  }
  const refuse = (error: unknown) => {
    throw failure(EXIT.FAILED, `cannot write ${path}: ${(error as Error).message}`);
  };
  const { open } = await import('node:fs/promises');
  const file = await open(path, 'w', 0o600).catch(refuse);
  return {
    write: async (bytes) => {
      await file?.appendFile(bytes).catch(refuse);
    },
    close: async () => {
      await file?.close();
    },
  };
}
