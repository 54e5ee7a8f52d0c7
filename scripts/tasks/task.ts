/** What a task is: the keys that are pressed, what the screen must show then, and how routers do the same. */

/** A line with Enter, or other keys; each waits for what it `shows`, a prompt if nothing else is said. */
export type Step =
  | string
  | { press: string[]; shows: RegExp }
  | { type: string; shows: RegExp }
  | { paste: string; shows?: RegExp }
  | { line: string; shows: RegExp };

/** How it compares with the best of the four. */
export type Verdict = 'better' | 'same' | 'worse';

export interface Task {
  title: string;
  steps: Step[];
  /** What the screen must show at the end, on one line or over several. */
  says: RegExp;
  /** What is typed on Cisco IOS, FRR, VyOS and Junos; `-`: it cannot be done there. */
  routers: readonly [ios: string, frr: string, vyos: string, junos: string];
  verdict: Verdict;
  /** What is better, or worse, here; empty where it is the same. */
  why: string;
  /** Lines of the configuration that are put in force before it, on top of the usual ones. */
  given?: string[];
  /** Is also typed by the test suite. */
  isQuick?: true;
}
