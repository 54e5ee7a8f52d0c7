/** A paste at the terminal: its lines take effect together or not at all, as those of a file do. */
import { CliFailure, EXIT } from './base/failure.js';
import type { Interpreter } from './interpreter/interpreter.js';
import { plural } from './output/format.js';

export class Paste {
  private readonly interpreter: Interpreter;
  private line = 0;
  private refusal: { line: number; notApplied: number; notRun: number } | null = null;

  constructor(interpreter: Interpreter) {
    this.interpreter = interpreter;
    interpreter.pasting = true;
  }

  /** Runs a line; after one that was refused the others are only counted. Throws `CliFailure`. */
  async run(text: string, indent: number): Promise<void> {
    this.line++;
    if (this.refusal === null) {
      await this.attempt(() => this.interpreter.run(text, { source: 'paste', line: this.line }, indent));
    } else if (text.trim() !== '') {
      this.refusal.notRun++;
    }
  }

  /** Applies what the paste has gathered. Throws a `CliFailure` that says what became of a paste that was refused. */
  async end(): Promise<void> {
    const said: string[] = [];
    try {
      if (this.refusal === null) await this.attempt(() => this.interpreter.settle());
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      said.push(...error.lines);
    } finally {
      this.interpreter.pasting = false;
    }
    said.push(...this.account());
    if (said.length > 0) throw new CliFailure(EXIT.FAILED, said);
  }

  private account(): string[] {
    const { line, notApplied, notRun } = this.refusal ?? { line: 0, notApplied: 0, notRun: 0 };
    if (notApplied + notRun === 0) return [];
    return [
      `% Paste refused at line ${line}: ${plural(notApplied, 'line')} before it not applied, ${notRun} after it not run.`,
    ];
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    const notApplied = this.interpreter.waitingLines;
    try {
      await work();
    } catch (error) {
      this.refusal = { line: this.line, notApplied, notRun: 0 };
      this.interpreter.forgetLines();
      throw error;
    }
  }
}
