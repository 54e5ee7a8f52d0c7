/**
 * The remote ends at which the peer of one link may be found: those it is configured with or its name was resolved to, and
 * the one that was learned last. While the link is down they are tried in turn, each for as long as `silent` is not called;
 * the one that answers stays.
 */
export class Remotes<End> {
  private ends: readonly End[] = [];
  private learned: End | null = null;
  private at = 0;

  /** `same`: whether two ends are one. */
  constructor(private readonly same: (a: End, b: End) => boolean) {}

  /** The end to send to; null: none is known. */
  get current(): End | null {
    return this.all[this.at] ?? null;
  }

  /**
   * Takes over what is configured or resolved, in the order of preference. The end in use is kept if it is among them, or if
   * the peer answers there (`isAnswering`).
   */
  configure(ends: readonly End[], isAnswering: boolean): void {
    const { current } = this;
    this.ends = ends;
    if (isAnswering && current !== null) this.found(current);
    else this.goTo(current);
  }

  /** The peer was found at an end. */
  found(end: End): void {
    if (!this.ends.some((other) => this.same(other, end))) this.learned = end;
    this.goTo(end);
  }

  /** The end in use has not answered for long enough: the next one has its turn. Returns whether it is another one. */
  silent(): boolean {
    const { length } = this.all;
    if (length < 2) return false;
    this.at = (this.at + 1) % length;
    return true;
  }

  /** The ends that wait for their turn. */
  get others(): End[] {
    return this.all.filter((_, index) => index !== this.at);
  }

  private get all(): readonly End[] {
    const { learned, ends } = this;
    if (learned === null || ends.some((end) => this.same(end, learned))) return ends;
    return [...ends, learned];
  }

  private goTo(end: End | null): void {
    const index = end === null ? -1 : this.all.findIndex((other) => this.same(other, end));
    this.at = Math.max(0, index);
  }
}
