/** The startup configuration on disk. It holds no secrets: keys are named by their files. */
import { constants } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type FileIo, ifAbsent, replaceFile } from '../base/durable-file.js';

/** Readable by the owner and by the administrators' group. */
const NEW_FILE_MODE = 0o640;
/** No hand-written or generated configuration comes near this; reading more would only exhaust memory. */
const MAX_BYTES = 64 * 1024 * 1024;

export class StartupFile {
  readonly file: string;
  private readonly io: FileIo;

  /** `io`: the file system; tests pass one that breaks. */
  constructor(file: string, io: FileIo = nodeFs) {
    this.file = file;
    this.io = io;
  }

  /**
   * The saved text, or null when there is no file. Throws when it cannot be read, is not UTF-8, or is too large
   * to be a configuration.
   */
  async load(): Promise<string | null> {
    let handle: nodeFs.FileHandle;
    try {
      handle = await this.io.open(this.file, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new Error(`${this.file} is not a regular file`);
      if (stat.size > MAX_BYTES) throw new Error(`${this.file} is too large for a configuration`);
      return decodeUtf8(await handle.readFile(), this.file);
    } finally {
      await handle.close();
    }
  }

  /**
   * Replaces the file atomically (see `replaceFile`). The previous text stays beside it with `.sav` appended; where it is the same
   * text, both files stay as they are. Mode and owner are kept. Calls must not overlap.
   * @returns Where the previous text lies.
   */
  async save(text: string): Promise<string> {
    const file = await this.target();
    if ((await this.load().catch(() => null)) === text) return previousOf(file);
    const previous = await this.io.stat(file).catch(ifAbsent);
    const mode = previous === null ? NEW_FILE_MODE : previous.mode & 0o777;
    const owner = previous === null ? null : { uid: previous.uid, gid: previous.gid };
    await replaceFile(this.io, file, text, { mode, owner }, async () => {
      if (previous !== null) await this.keepPrevious(file, dirname(file));
    });
    return previousOf(file);
  }

  /** The file itself where the path is a symbolic link, so that the link survives. */
  private async target(): Promise<string> {
    return (await this.io.realpath(this.file).catch(ifAbsent)) ?? this.file;
  }

  private async keepPrevious(file: string, folder: string): Promise<void> {
    const kept = join(folder, `.${basename(file)}.sav.new`);
    await this.io.rm(kept, { force: true });
    // A hard link takes no time and cannot be half written; some file systems have none.
    await this.io.link(file, kept).catch(() => this.io.copyFile(file, kept));
    await this.io.rename(kept, previousOf(file));
  }
}

function previousOf(file: string): string {
  return `${file}.sav`;
}

function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${file} is not UTF-8 text`);
  }
}
