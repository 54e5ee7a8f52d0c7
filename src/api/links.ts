/** Single links in the control API: taking them out of use and putting them back. */
import type { LinkState } from './link-states.js';

export interface LinkParams {
  peer: string;
  interface?: string;
  link: number;
}

/** What became of a link that was drained or put back. */
export interface DrainResult {
  state: LinkState;
  waitedMs: number;
}

/** Methods about single links. */
export interface LinkMethods {
  /** Takes a link out of use without losing a frame; answers once nothing is under way on it. `timeoutS`: 0–86400. */
  'drain.link': { params: LinkParams & { timeoutS: number }; result: DrainResult };
  /** Puts a drained link back into use. */
  'undrain.link': { params: LinkParams; result: DrainResult };
}
