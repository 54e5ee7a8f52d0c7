/** Answers of the control protocol about the past. */
import type { SeriesName } from '../daemon/observe/link-history.js';

/** The past of a link, in steps of a second or of a minute. Series are equally long, oldest step first. */
export interface LinkHistory {
  interface: string;
  peer: string;
  link: number;
  stepSeconds: 1 | 60;
  /** When the last step ended, in milliseconds since the epoch. */
  endMs: number;
  /** Means over each step. */
  values: Record<SeriesName, (number | null)[]>;
  /** Largest second of each minute; null for steps of a second. */
  largest: Record<SeriesName, (number | null)[]> | null;
}

export interface LinkHistoryParams {
  interface?: string;
  peer?: string;
  /** 0–7. */
  link?: number;
  /** `seconds`: the last ten minutes. `minutes`: the last day. */
  step: 'seconds' | 'minutes';
}
