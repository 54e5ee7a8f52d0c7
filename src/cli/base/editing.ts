/** Where this program stands in changing the configuration, as the daemon said last. Prompts and warnings read it. */
import type { ConfigurationState, EditMode } from '../../api/index.js';

export class Editing {
  private state: ConfigurationState | null = null;
  /** The user was warned of what leaving costs, and has done nothing else since. */
  private warned = false;

  /** Takes over what an answer of the daemon says. */
  take(state: ConfigurationState): void {
    this.state = state;
    this.warned = false;
  }

  /** The connection is gone, and with it a candidate and the hold on a commit. */
  reset(): void {
    this.state = null;
  }

  get mode(): EditMode {
    return this.state?.mode ?? 'none';
  }

  /** Lines are collected in a candidate and take effect by `commit`. */
  get hasCandidate(): boolean {
    return this.mode !== 'none' && this.mode !== 'terminal';
  }

  /** Name of the candidate in mode `session`. */
  get session(): string | null {
    return this.state?.session ?? null;
  }

  get uncommitted(): boolean {
    return this.state?.uncommitted ?? false;
  }

  /** Milliseconds since the epoch at which a commit of this connection is undone; null while none waits. */
  ownDeadlineMs(nowMs: number): number | null {
    const pending = this.state?.pending ?? null;
    return pending?.own && pending.deadlineMs > nowMs ? pending.deadlineMs : null;
  }

  /** What leaving the configuration mode would cost, said once; null: nothing, or it was said already. */
  warnLeavingConfiguration(): string[] | null {
    if (!this.uncommitted || this.session !== null) return null;
    return this.warnOnce([
      '% Warning: there are uncommitted changes.',
      '  Type "commit" to apply them, or leave again to discard them.',
    ]);
  }

  /** What ending the program would cost, said once; null: nothing, or it was said already. */
  warnLeavingProgram(nowMs: number): string[] | null {
    if (this.ownDeadlineMs(nowMs) === null) return null;
    return this.warnOnce([
      '% Warning: a commit awaits confirmation, and leaving rolls it back.',
      '  Type "confirm" to keep it, or leave again.',
    ]);
  }

  private warnOnce(lines: string[]): string[] | null {
    if (this.warned) return null;
    this.warned = true;
    return lines;
  }
}
