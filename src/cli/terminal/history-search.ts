/** Ctrl-R: looks for a line of the history while its middle is being typed. Knows no terminal. */

export class HistorySearch {
  private readonly lines: readonly string[];
  private wanted = '';
  /** Place of the line found; the newest is 0. */
  private place = 0;
  private hit = '';
  private failed = false;

  /** `lines`: newest first. */
  constructor(lines: readonly string[]) {
    this.lines = lines;
  }

  /** The line found, or '' before anything was. */
  get found(): string {
    return this.hit;
  }

  get prompt(): string {
    return `(${this.failed ? 'failed ' : ''}reverse-i-search)\`${this.wanted}': `;
  }

  /** Offset in the line found of what is looked for. */
  get cursor(): number {
    return Math.max(0, this.hit.indexOf(this.wanted));
  }

  /** Looks for what has been typed and `text` together, from the line found on. */
  extend(text: string): void {
    this.wanted += text;
    this.look(this.place);
  }

  /** Takes the last character back and begins with the newest line again. */
  shorten(): void {
    this.wanted = [...this.wanted].slice(0, -1).join('');
    this.look(0);
  }

  /** Looks for an older line. */
  older(): void {
    this.look(this.hit === '' ? 0 : this.place + 1);
  }

  private look(from: number): void {
    if (this.wanted === '') {
      this.place = 0;
      this.hit = '';
      this.failed = false;
      return;
    }
    const place = this.lines.findIndex(
      (line, index) =>
        index >= from && line.includes(this.wanted) && (index === this.place || line !== this.hit),
    );
    this.failed = place < 0;
    if (this.failed) return;
    this.place = place;
    this.hit = this.lines[place];
  }
}
