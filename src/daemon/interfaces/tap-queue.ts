/** Frames that the kernel dropped since they came faster than they were read from the TAP. */
import { readFileSync } from 'node:fs';

/** A line for each device of the network namespace of this process, which /sys need not show. */
const DEVICES = '/proc/net/dev';
/** Among the numbers of a line: packets that were to be sent and were dropped. */
const TRANSMIT_DROPS = 11;

export class TapQueue {
  private last: number;
  private cleared: number;

  /** Counts from now on; the device `name` may be older. */
  constructor(private readonly name: string) {
    this.last = transmitDrops(readFileSync(DEVICES, 'utf8'), name) ?? 0;
    this.cleared = this.last;
  }

  /** How many were dropped since the counters were cleared. */
  drops(): number {
    this.last = transmitDrops(readFileSync(DEVICES, 'utf8'), this.name) ?? this.last;
    return Math.max(0, this.last - this.cleared);
  }

  clearCounters(): void {
    this.cleared += this.drops();
  }
}

/** The count of a device in the text of /proc/net/dev; null when it is not there. */
export function transmitDrops(text: string, name: string): number | null {
  const line = text.split('\n').find((candidate) => candidate.trimStart().startsWith(`${name}:`));
  if (line === undefined) return null;
  const numbers = line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/);
  return Number(numbers[TRANSMIT_DROPS]);
}
