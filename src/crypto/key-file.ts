/** Private and preshared keys in files: read only when nobody else can, made so that nobody else can. */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileProblem } from '../base/file-problems.js';
import { encodeKey, generateSecret, KEY_TEXT_BYTES, KeyError, parseSecret } from './keys.js';
import type { Primitives } from './primitives.js';

const GROUP_AND_OTHERS = 0o077;
/** A key with white space around it. */
const MAX_FILE_BYTES = 128;
const LINE_END = new TextEncoder().encode('\n');

/** Why a key file was refused, as a sentence with its path and never with its content. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  /** Whether the file simply is not there. */
  readonly missing: boolean;

  constructor(path: string, problem: string, missing = false) {
    super(`key file ${path}: ${problem}`);
    this.missing = missing;
  }
}

/**
 * Reads a key into locked memory; free it with `primitives.freeLocked`.
 * @throws KeyFileError when it is missing, not a regular file, owned by a stranger, open to group or others, or holds no key.
 */
export function loadKeyFile(primitives: Primitives, path: string): Uint8Array {
  // Non-blocking, so that a FIFO is refused instead of waited for.
  const fd = attempt(path, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  const text = primitives.allocateSecret(MAX_FILE_BYTES + 1);
  try {
    requirePrivate(path, fd);
    const length = attempt(path, () => readSync(fd, text, 0, text.length, 0));
    if (length > MAX_FILE_BYTES)
      throw new KeyError(`more than a key of ${KEY_TEXT_BYTES} characters of base64`);
    return parseSecret(primitives, text.subarray(0, length));
  } catch (error) {
    if (error instanceof KeyError) throw new KeyFileError(path, error.message);
    throw error;
  } finally {
    primitives.wipe(text);
    closeSync(fd);
  }
}

/**
 * Draws a private key and writes it to a new file of mode 0600, its folder made 0700 if absent. The key appears under
 * its name whole and on disk, or not at all. Returns it in locked memory.
 * @throws KeyFileError also when the file exists already: a key is never overwritten.
 */
export function createKeyFile(primitives: Primitives, path: string): Uint8Array {
  const folder = dirname(path);
  attempt(path, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  const suffix = new Uint8Array(8);
  primitives.random(suffix);
  const draft = join(folder, `.${basename(path)}.${Buffer.from(suffix).toString('hex')}`);
  const secret = generateSecret(primitives);
  try {
    writeDraft(primitives, path, draft, secret);
    try {
      // link, unlike rename, fails when the name is taken.
      attempt(path, () => linkSync(draft, path));
    } finally {
      unlinkSync(draft);
    }
    syncFolder(path, folder);
    return secret;
  } catch (error) {
    primitives.freeLocked(secret);
    throw error;
  }
}

/** The key of a file, made now if there is none. @throws KeyFileError */
export function loadOrCreateKeyFile(primitives: Primitives, path: string): Uint8Array {
  try {
    return loadKeyFile(primitives, path);
  } catch (error) {
    if (error instanceof KeyFileError && error.missing) return createKeyFile(primitives, path);
    throw error;
  }
}

function requirePrivate(path: string, fd: number): void {
  const status = fstatSync(fd);
  if (!status.isFile()) throw new KeyFileError(path, 'not a regular file');
  const owner = process.geteuid?.();
  if (status.uid !== owner && status.uid !== 0) {
    throw new KeyFileError(path, `owned by user ${status.uid}, neither root nor the user who reads it`);
  }
  if ((status.mode & GROUP_AND_OTHERS) !== 0) {
    const mode = (status.mode & 0o777).toString(8).padStart(4, '0');
    throw new KeyFileError(path, `open to others (mode ${mode}); allow its owner only: chmod 600`);
  }
}

function writeDraft(primitives: Primitives, path: string, draft: string, secret: Uint8Array): void {
  const text = encodeKey(primitives, secret);
  const fd = attempt(path, () => openSync(draft, 'wx', 0o600));
  try {
    // The umask may only have taken bits away; this makes the mode exact whatever it was.
    fchmodSync(fd, 0o600);
    writeSync(fd, text);
    writeSync(fd, LINE_END);
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(draft);
    throw asKeyFileError(path, error);
  } finally {
    primitives.wipe(text);
    closeSync(fd);
  }
}

function syncFolder(path: string, folder: string): void {
  const fd = attempt(path, () => openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY));
  try {
    attempt(path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asKeyFileError(path, error);
  }
}

const PROBLEMS: Record<string, string> = {
  EEXIST: 'exists already, and a key is never overwritten',
  EISDIR: 'not a regular file',
  ENXIO: 'not a regular file',
};

function asKeyFileError(path: string, error: unknown): KeyFileError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new KeyFileError(
    path,
    PROBLEMS[code] ?? fileProblem(error) ?? `cannot be used (${code})`,
    code === 'ENOENT',
  );
}
