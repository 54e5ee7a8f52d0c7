/** What a row of the page of neighbours is. */
import type { Bed } from './bed.js';

export interface Outcome {
  /** What was seen while all links were up, as a part of a sentence. */
  without: string;
  /** What was seen while the link in use was cut. */
  cut: string;
}

export interface Row {
  /** For `--only`. */
  name: string;
  program: string;
  /** Debian packages; the version of the first is shown. */
  packages: string[];
  asked: string;
  /** What the user must know; empty: nothing. */
  know: string;
  hosts?: number;
  /** More lines for the interface block of every host. */
  interfaceLines?: string[];
  /** Changes the configuration of a host before it is written. */
  edit?: (host: number, config: string) => string;
  /** Throws where the program does not do what was asked of it, and CannotRun where it cannot be tried. */
  run(bed: Bed): Promise<Outcome>;
}
