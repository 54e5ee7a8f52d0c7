/**
 * The service manager that started the daemon, by sd_notify(3): what it hears of the daemon's state, and the descriptors
 * that it keeps for the next start. Without one, nothing is said.
 */
import type { Native } from '../../native/binding.js';
import type { Log } from './log.js';

/** First descriptor that is handed to a service (sd_listen_fds(3)). */
const FIRST_DESCRIPTOR = 3;

type Environment = Readonly<Record<string, string | undefined>>;

export class ServiceManager {
  /** Within this time it wants to hear that all is well, in milliseconds; null: it does not watch. */
  readonly watchdogMs: number | null;
  private readonly socket: string | null;
  private hasFailed = false;

  constructor(
    private readonly native: Pick<Native, 'notify'>,
    private readonly log: Log,
    environment: Environment,
    pid: number,
  ) {
    this.socket = environment['NOTIFY_SOCKET'] || null;
    const micros = Number(environment['WATCHDOG_USEC']);
    const watched = environment['WATCHDOG_PID'];
    const isMeant = watched === undefined || Number(watched) === pid;
    this.watchdogMs = this.socket !== null && isMeant && micros > 0 ? micros / 1000 : null;
  }

  get isThere(): boolean {
    return this.socket !== null;
  }

  /** Says assignments such as `READY=1`; what it cannot hear is no reason to stop. */
  tell(assignments: readonly string[], descriptors: readonly number[] = []): void {
    if (this.socket === null) return;
    try {
      this.native.notify(this.socket, assignments.join('\n'), Int32Array.from(descriptors));
    } catch (err) {
      if (!this.hasFailed) this.log.warn({ err, assignments }, 'the service manager cannot be told');
      this.hasFailed = true;
    }
  }
}

/** Descriptors that came with the start of this process, from the service manager or from the daemon before it. */
export function inheritedDescriptors(environment: Environment, pid: number): number[] {
  const count = Number(environment['LISTEN_FDS'] ?? 0);
  const isMeant = environment[HANDOVER] !== undefined || Number(environment['LISTEN_PID']) === pid;
  if (!isMeant || !Number.isInteger(count) || count < 0 || count > 4096) return [];
  return Array.from({ length: count }, (_, index) => FIRST_DESCRIPTOR + index);
}

/** Variable that names the descriptor of the line between a daemon and its successor. */
export const HANDOVER = 'OCTOLINK_HANDOVER';

/** What is said to this process alone, and not to the programs that it starts. */
export function forgetOwnVariables(environment: Record<string, string | undefined>): void {
  for (const name of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'WATCHDOG_PID', HANDOVER])
    delete environment[name];
}
