/** How much of the machine's processors is idle, by what the kernel counts. */
import { openSync, readSync } from 'node:fs';

/** Ticks of `/proc/stat` a second for each processor, fixed by the kernel's user interface. */
const TICKS_PER_SECOND = 100;
/** The first line, which sums up all processors, is shorter than this. */
const LINE_BYTES = 256;
/** Numbers in it: idle, and waiting for a disk, which is idle too. */
const [IDLE, IO_WAIT] = [4, 5];

export class MachineIdle {
  private readonly file: number;
  private readonly line = Buffer.alloc(LINE_BYTES);
  private ticks = 0;
  private at = 0;

  constructor() {
    this.file = openFile();
  }

  /** Processors that were idle on average since the last call, at `now` (µs); infinite when that cannot be known. */
  since(now: number): number {
    if (this.file < 0) return Number.POSITIVE_INFINITY;
    const length = readSync(this.file, this.line, 0, LINE_BYTES, 0);
    const fields = this.line.toString('latin1', 0, length).split(/\s+/, IO_WAIT + 1);
    const ticks = Number(fields[IDLE]) + Number(fields[IO_WAIT]);
    const seconds = (now - this.at) / 1e6;
    const idle = Math.max(0, ticks - this.ticks) / TICKS_PER_SECOND / seconds;
    this.ticks = ticks;
    this.at = now;
    return Number.isNaN(idle) ? Number.POSITIVE_INFINITY : idle;
  }
}

function openFile(): number {
  try {
    return openSync('/proc/stat', 'r');
  } catch {
    return -1;
  }
}
