/** Files that are replaced atomically: after a crash a file is the old one or the new one, whole. */
import { constants } from 'node:fs';
import type * as nodeFs from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileProblem } from '../../base/file-problems.js';
import { RequestError } from './request-errors.js';

/** What writers of durable files need of a file system; tests pass one that breaks. */
export type FileIo = Pick<
  typeof nodeFs,
  'open' | 'rename' | 'rm' | 'link' | 'copyFile' | 'stat' | 'realpath' | 'mkdir' | 'readdir' | 'readFile'
>;

interface FileRights {
  mode: number;
  /** null: the user who writes it. */
  owner: { uid: number; gid: number } | null;
}

/**
 * Replaces a file, or leaves it as it is and nothing beside it. `beforeRename` runs when the new text is on disk and the old file
 * is still in place. Calls for one file must not overlap.
 * @throws RequestError with the file and what is wrong, where the system says what people can mend.
 */
export async function replaceFile(
  io: FileIo,
  file: string,
  text: string,
  rights: FileRights,
  beforeRename: () => Promise<void> = async () => undefined,
): Promise<void> {
  const folder = dirname(file);
  const fresh = join(folder, `.${basename(file)}.new`);
  try {
    await write(io, fresh, text, rights);
    await beforeRename();
    await io.rename(fresh, file);
    await syncFolder(io, folder);
  } catch (error) {
    await io.rm(fresh, { force: true }).catch(() => undefined);
    const problem = fileProblem(error);
    throw problem === null ? error : new RequestError(`${file} cannot be written: ${problem}`);
  }
}

async function write(io: FileIo, fresh: string, text: string, rights: FileRights): Promise<void> {
  await io.rm(fresh, { force: true });
  const handle = await io.open(fresh, 'wx', 0o600);
  try {
    await handle.writeFile(text, 'utf8');
    await giveTo(handle, rights.owner);
    await handle.chmod(rights.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Only where it is another's: a daemon that serves under a user of its own may be forbidden the call altogether. */
async function giveTo(handle: nodeFs.FileHandle, owner: FileRights['owner']): Promise<void> {
  if (owner === null) return;
  const { uid, gid } = await handle.stat();
  if (uid !== owner.uid || gid !== owner.gid) await handle.chown(owner.uid, owner.gid);
}

/** Removes a file durably; a missing file is no error. */
export async function removeFile(io: FileIo, file: string): Promise<void> {
  await io.rm(file, { force: true });
  await syncFolder(io, dirname(file));
}

async function syncFolder(io: FileIo, folder: string): Promise<void> {
  const handle = await io.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** For `catch`: null for a file that does not exist. */
export function ifAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
