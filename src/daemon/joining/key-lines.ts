/** Lines of an `authorized-keys` file that the daemon writes itself; what people wrote stays as it is. */
import * as nodeFs from 'node:fs/promises';
import { readKeyLine } from '../../config/authorized-keys.js';
import { type FileIo, ifAbsent, replaceFile } from '../base/durable-file.js';

const NEW_FILE_MODE = 0o600;

/** Appends a line, in a new file if there is none. It is on disk when the promise resolves. */
export async function addKeyLine(file: string, line: string, io: FileIo = nodeFs): Promise<void> {
  await rewrite(file, (text) => `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`, io);
}

/** Removes the lines that admit these public keys, base64. */
export async function removeKeyLines(
  file: string,
  publicKeys: ReadonlySet<string>,
  io: FileIo = nodeFs,
): Promise<void> {
  await rewrite(
    file,
    (text) =>
      text
        .split('\n')
        .filter((line) => !admits(line, publicKeys))
        .join('\n'),
    io,
  );
}

function admits(line: string, publicKeys: ReadonlySet<string>): boolean {
  const read = readKeyLine(line);
  return read !== null && typeof read !== 'string' && publicKeys.has(read.publicKey);
}

async function rewrite(file: string, change: (text: string) => string, io: FileIo): Promise<void> {
  // A file that is a link to another place stays one.
  const target = await io.realpath(file).catch(ifAbsent);
  if (target === null) return replaceFile(io, file, change(''), { mode: NEW_FILE_MODE, owner: null });
  const { mode, uid, gid } = await io.stat(target);
  const text = await io.readFile(target, 'utf8');
  const changed = change(text);
  if (changed !== text) await replaceFile(io, target, changed, { mode: mode & 0o777, owner: { uid, gid } });
}
