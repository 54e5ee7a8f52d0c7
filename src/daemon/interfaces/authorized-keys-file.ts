/**
 * An `authorized-keys` file: read at the start, when it changes, and when somebody asks. Editors and configuration
 * management replace files by renaming, so its folder is watched, and whatever happens there is a reason to look.
 */
import { constants, type FSWatcher, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ClientTable, type KeysRead, KeysReading } from '../../handshake/admission.js';

/** A change is taken up when nothing more has happened for this long. */
const DEBOUNCE_MS = 100;
/** For what no event tells of: a file on another host, a folder that was not there. */
const POLL_MS = 15_000;
/**
 * A file that looks half written, for it ends within a line or lacks many clients that were there, is believed when it has
 * stayed as it is for this long.
 */
const SETTLED_MS = 3000;
const MANY = 16;
const MAX_BYTES = 32 << 20;
/** Lines read in one turn of the event loop: about a millisecond's work. */
const LINES_A_TURN = 256;
const WRITABLE_BY_OTHERS = 0o022;

interface FileOwner {
  /** What is in force. */
  table(): ClientTable;
  /** The file was read anew. */
  loaded(read: KeysRead): void;
  /** The file cannot be read: why. What is in force stays. */
  failed(message: string): void;
}

interface Snapshot {
  text: string;
  signature: string;
  changedMs: number;
}

export class AuthorizedKeysFile {
  private watcher: FSWatcher | null = null;
  private readonly poll: NodeJS.Timeout;
  private timer: NodeJS.Timeout | undefined;
  /** The file as it was read last, whether it could be used or not. */
  private seen = '';
  /** The file as it was last looked at, and since when: its time may lie in the future, where a clock was set back. */
  private looked = { signature: '', sinceMs: 0 };
  private closed = false;
  /** Settles when the last reading has ended: they never overlap. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly owner: FileOwner,
  ) {
    this.poll = setInterval(() => this.look(), POLL_MS);
    this.poll.unref();
    this.watch();
  }

  close(): void {
    this.closed = true;
    this.watcher?.close();
    clearInterval(this.poll);
    clearTimeout(this.timer);
  }

  /** Reads the file now, and believes what it says. Resolves when that is in force. */
  read(): Promise<void> {
    return this.inTurn(true);
  }

  private watch(): void {
    if (this.watcher !== null) return;
    try {
      this.watcher = watch(dirname(this.path), { persistent: false }, () => this.lookIn(DEBOUNCE_MS));
    } catch {
      return;
    }
    this.watcher.on('error', () => {
      this.watcher?.close();
      this.watcher = null;
    });
  }

  private look(): void {
    this.watch();
    void this.inTurn(false);
  }

  private lookIn(ms: number): void {
    clearTimeout(this.timer);
    if (this.closed) return;
    this.timer = setTimeout(() => this.look(), ms);
    this.timer.unref();
  }

  private inTurn(isAsked: boolean): Promise<void> {
    const result = this.last.then(() => this.take(isAsked));
    this.last = result;
    return result;
  }

  private async take(isAsked: boolean): Promise<void> {
    if (this.closed) return;
    try {
      const snapshot = await this.snapshot(isAsked ? '' : this.seen);
      if (snapshot === null || this.closed) return;
      const { text, signature, changedMs } = snapshot;
      const read = await readKeys(text, this.owner.table());
      const waitMs = Math.min(this.looksTheSame(signature), changedMs - Date.now()) + SETTLED_MS;
      if (!isAsked && waitMs > 0 && seemsHalfWritten(text, read, this.owner.table())) {
        return this.lookIn(waitMs);
      }
      this.seen = signature;
      if (!this.closed) this.owner.loaded(read);
    } catch (error) {
      const message = (error as Error).message;
      if (message === this.seen && !isAsked) return;
      this.seen = message;
      this.owner.failed(message);
    }
  }

  /** For how long it has looked like this, as a negative number of ms, by a clock that nobody sets. */
  private looksTheSame(signature: string): number {
    const now = performance.now();
    if (this.looked.signature !== signature) this.looked = { signature, sinceMs: now };
    return this.looked.sinceMs - now;
  }

  /** The file, unless it is the one that was `seen`. */
  private async snapshot(seen: string): Promise<Snapshot | null> {
    // Non-blocking, so that a FIFO is refused instead of waited for.
    const file = await open(this.path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error) => {
      throw new Error(`cannot be opened (${(error as NodeJS.ErrnoException).code})`);
    });
    try {
      const status = await file.stat({ bigint: true });
      const signature = `${status.dev} ${status.ino} ${status.size} ${status.mtimeNs} ${status.ctimeNs}`;
      if (signature === seen) return null;
      if (!status.isFile()) throw new Error('not a regular file');
      const owner = Number(status.uid);
      if (owner !== 0 && owner !== process.geteuid?.()) {
        throw new Error(`owned by user ${owner}, neither root nor the user who reads it`);
      }
      if ((Number(status.mode) & WRITABLE_BY_OTHERS) !== 0) throw new Error('writable by others');
      if (status.size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES >> 20} MiB`);
      const text = await file.readFile('utf8');
      return { text, signature, changedMs: Number(status.mtimeNs / 1_000_000n) };
    } finally {
      await file.close();
    }
  }
}

/** Reads a whole file, a turn at a time: frames and handshakes go on meanwhile. */
async function readKeys(text: string, before: ClientTable): Promise<KeysRead> {
  const reading = new KeysReading(text, before);
  while (!reading.step(LINES_A_TURN)) await nextTurn();
  return reading.finish();
}

function seemsHalfWritten(text: string, { removed }: KeysRead, before: ClientTable): boolean {
  const isCut = text !== '' && !text.endsWith('\n');
  return isCut || removed > Math.max(MANY, before.size / 4) || (removed === before.size && removed > 0);
}
