/** The claim on a state folder: one daemon at a time works with what is in it. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import type { Native } from '../../native/binding.js';
import { type Clock, systemClock } from './clock.js';
import type { Log } from './log.js';

/** How long a daemon that ends is waited for, in milliseconds. */
const PATIENCE_MS = 5_000;
/** How often it is looked whether it has ended, in milliseconds. */
const LOOK_MS = 20;

interface ClaimOptions {
  native: Pick<Native, 'lockFile'>;
  folder: string;
  log: Log;
  clock?: Clock;
}

/**
 * Claims a state folder, which is made if it is missing, by the lock of the folder itself: nothing is written, and the claim ends
 * with the process. Waits some seconds for another daemon, which may be about to end. A folder that cannot be
 * opened or locked is told of and not claimed: what needs it says what is wrong.
 * @returns Gives the claim up.
 * @throws A plain sentence when another daemon keeps the folder.
 */
export async function claimState({
  native,
  folder,
  log,
  clock = systemClock,
}: ClaimOptions): Promise<() => void> {
  let fd: number | null = null;
  const release = () => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    fd = openSync(folder, 'r');
    if (native.lockFile(fd)) return release;
    log.warn({ folder }, 'another daemon has the state folder: waiting for it to end');
    const givesUpAtMs = clock.elapsed() + PATIENCE_MS;
    while (clock.elapsed() < givesUpAtMs) {
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
      if (native.lockFile(fd)) return release;
    }
  } catch (err) {
    log.warn({ err, folder }, 'the state folder cannot be claimed: other daemons may use it as well');
    return release;
  }
  release();
  throw new Error(`another daemon has the state folder ${folder}: each needs its own, see --state`);
}
