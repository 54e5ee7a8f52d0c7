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

/** What became of the links of an interface. */
export interface InterfaceDrainResult {
  /** Links on which nothing is under way any more. */
  drained: number;
  /** Peers that have no other way: their links go on carrying frames. */
  carrying: string[];
  waitedMs: number;
}

/** Methods that take links out of use and put them back. */
export interface LinkMethods {
  /** Takes a link out of use without losing a frame; answers once nothing is under way on it. `timeoutS`: 0–86400. */
  'drain.link': { params: LinkParams & { timeoutS: number }; result: DrainResult };
  /** Puts a drained link back into use. */
  'undrain.link': { params: LinkParams; result: DrainResult };
  /**
   * Takes all links of an interface out of use, so that peers with another way take it. Answers once all are empty, or
   * nothing has changed for a second, or after `timeoutS`.
   */
  'drain.interface': { params: { interface: string; timeoutS: number }; result: InterfaceDrainResult };
  'undrain.interface': { params: { interface: string }; result: null };
}
