/**
 * The time that initiations carry. A peer refuses an initiation that is older than the last one it accepted, so this time
 * must never go back, not even over a restart with a wall clock that has gone back (a host without a battery boots in
 * the past). Ahead of use, a span of time is reserved in a file of the state folder; a start continues after what was
 * reserved. If the file is lost, the clock may lag behind what was sent by at most one span.
 *
 * To reserve takes the disk its time, in which a restarted daemon could call nobody. So a daemon that ends in order leaves a
 * note of the time that it has reached, and the next one goes on from there within what is reserved. The note counts once,
 * for this reservation and in the same boot: what a crash of the machine loses would not count after it.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { bootId } from '../base/boot-id.js';

/** Microseconds reserved at a time: while handshakes go on, the file is written this often. */
const SPAN_US = 600e6;
/** What a reservation adds at least when the clock already runs ahead of the wall clock. */
const LEAST_US = 1e6;
/** What the next daemon is to find reserved at least. */
const LEFT_US = 60e6;

export class HandshakeClock {
  private last = 0;
  /** Every time up to this one may have been sent. */
  private reserved: number;
  /** The note for the next daemon is there. */
  private isLeft = false;

  /** `failed` hears, once, why times cannot be kept over a restart. */
  constructor(
    private readonly file: string,
    private readonly wallClockUs: () => number,
    private failed: (error: Error) => void,
    private readonly boot = bootId(),
  ) {
    this.reserved = storedTime(file);
    this.last = Math.min(this.takeNote() ?? this.reserved, this.reserved);
  }

  /** The file that keeps the times of a public key. */
  static fileOf(stateFolder: string, publicKey: Uint8Array): string {
    return join(stateFolder, 'handshake-times', Buffer.from(publicKey.subarray(0, 16)).toString('hex'));
  }

  /** Microseconds since the epoch, larger than every time before. */
  read(): number {
    if (this.isLeft) this.takeNote();
    this.last = Math.max(Math.floor(this.wallClockUs()), this.last + 1);
    if (this.last > this.reserved) this.reserve();
    return this.last;
  }

  /** The daemon is about to end in order: leaves the next one a part of what is reserved. */
  leave(): void {
    if (this.last === 0) return;
    if (this.reserved < Math.max(this.wallClockUs(), this.last) + LEFT_US) this.reserve();
    try {
      writeFileSync(this.note, `${this.last} ${this.reserved} ${this.boot}\n`, { mode: 0o600 });
      this.isLeft = true;
    } catch {
      // Without a note the next one reserves time of its own.
    }
  }

  private get note(): string {
    return `${this.file}.reached`;
  }

  /** The time that the daemon before this one has reached; null: it left no note that counts. The note is gone after. */
  private takeNote(): number | null {
    this.isLeft = false;
    try {
      const [reached, reserved, boot] = readFileSync(this.note, 'utf8').trim().split(' ');
      rmSync(this.note);
      const isOfNow = boot === this.boot && Number(reserved) === this.reserved;
      return isOfNow && Number.isSafeInteger(Number(reached)) ? Number(reached) : null;
    } catch {
      return null;
    }
  }

  private reserve(): void {
    this.reserved = Math.floor(Math.max(this.wallClockUs() + SPAN_US, this.last + LEAST_US));
    try {
      mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
      replaceNow(this.file, `${this.reserved}\n`);
    } catch (error) {
      this.failed(error as Error);
      this.failed = () => undefined;
    }
  }
}

/** 0 when there is no file, or none that holds a time. */
function storedTime(file: string): number {
  try {
    const stored = Number(readFileSync(file, 'utf8').trim());
    return Number.isSafeInteger(stored) && stored > 0 ? stored : 0;
  } catch {
    return 0;
  }
}

/** Replaces a file before it returns: no initiation may carry a time that is not on disk. */
function replaceNow(file: string, text: string): void {
  const fresh = `${file}.new`;
  const fd = openSync(fresh, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, file);
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
