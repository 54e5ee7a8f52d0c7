/** Answers of the control protocol about the past. */

/** What is kept, in this order; NaN is "not known". */
export const SERIES = [
  /** Share of the time in which the link was down at some moment, in permille; of one second 0 or 1000. */
  'downPermille',
  'rttUs',
  'jitterUs',
  'lossOutPermille',
  'lossInPermille',
  /** Bytes a second: sent, delivered at the other end, received. */
  'sentBytesPerSecond',
  'deliveredBytesPerSecond',
  'receivedBytesPerSecond',
  /** Estimates: what waits on the way to the peer, what that way carries. */
  'queueUs',
  'capacityBytesPerSecond',
] as const;
export type SeriesName = (typeof SERIES)[number];

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
