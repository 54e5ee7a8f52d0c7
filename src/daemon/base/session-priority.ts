/**
 * Linux shares the processors among sessions first (autogroup, sched(7)): the niceness of a thread only counts against the
 * threads of its own session. So the datapath's says nothing to programs that were started elsewhere, until the session has
 * a niceness too.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Some nine times the weight of others (sched_prio_to_weight in the kernel's source). */
const NICENESS = -10;

const FILE = '/proc/self/autogroup';

/**
 * Lets the session of this process run before others. Changes nothing in a session that it shares with whoever started it, such
 * as a shell, nor where the system does not allow it or has no such groups.
 */
export function raiseSession(): void {
  try {
    if (ownSession() === process.pid) writeFileSync(FILE, String(NICENESS));
  } catch {
    // Without the right to it (a container, say) the daemon runs like any other program.
  }
}

/** The leader of our session: the sixth field of stat, the fourth after the name in parentheses. */
function ownSession(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}
