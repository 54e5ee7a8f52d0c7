/** How the worker's thread competes for the processors with everything else on the machine. */
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import type { Native } from '../native/binding.js';

/** Priority in SCHED_RR: above everything that is not real-time, below the kernel's own threads. */
const REALTIME_PRIORITY = 10;
/**
 * Nine times the weight of other sessions. At -20 polling would cost others: who yields the processor gives it to nobody whose
 * session weighs far less.
 */
const SESSION_NICENESS = -10;
/**
 * How long the worker asks for a processor at a time in the fair class: the least that the kernel knows. Who asks for less than
 * whoever is running need not wait until that has had its slice, which the kernel may notice a tick later.
 */
const SLICE_US = 100;
/** After the name in parentheses: state, parent, process group, session. */
const SESSION_FIELD = 3;

/** Asks for the class wanted, as far as the system allows it. Returns whether it is real-time now. */
export function schedule(native: Native, realtime: boolean): boolean {
  if (realtime && isGranted(() => native.setScheduling('round-robin', REALTIME_PRIORITY))) return true;
  isGranted(() => native.setScheduling('other', 0));
  isGranted(() => setPriority(0, constants.priority.PRIORITY_HIGHEST));
  isGranted(goFirstAmongSessions);
  isGranted(() => native.setSlice(SLICE_US));
  return false;
}

/** Whether the system permits it. Without the right to it (in a container, say) the thread runs like any other. */
function isGranted(ask: () => void): boolean {
  try {
    ask();
    return true;
  } catch {
    return false;
  }
}

/**
 * Where the kernel shares the processors between sessions first (SCHED_AUTOGROUP, sched(7)), niceness counts only inside of one,
 * and a session has a niceness of its own. A service has a session of its own; where somebody's shell leads it, it is left alone.
 */
function goFirstAmongSessions(): void {
  if (!leadsSession(process.pid, readFileSync('/proc/self/stat', 'utf8'))) return;
  writeFileSync('/proc/self/autogroup', String(SESSION_NICENESS));
}

/** Whether the process `pid` leads its session, by the text of its /proc/PID/stat (proc(5)). */
export function leadsSession(pid: number, stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[SESSION_FIELD]) === pid;
}
