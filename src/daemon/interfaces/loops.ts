/** Loops, from the shared counters. */
import type { LoopState } from '../../api/index.js';
import { PEER, PEER_WIDTH } from '../../contract/stats.js';
import { LOOP } from '../../switch/loop-guard.js';
import type { InterfaceRuntime } from './runtime.js';

const STATES: Record<number, LoopState | undefined> = {
  [LOOP.NOTICED]: 'noticed',
  [LOOP.HELD]: 'held',
  [LOOP.HELD_ELSEWHERE]: 'held-elsewhere',
};

/** Name of a state of `LOOP`; null for none. */
export function loopState(state: number): LoopState | null {
  return STATES[state] ?? null;
}

/** How a peer, by its row, stands in a loop. */
export function loopOf(runtime: InterfaceRuntime, row: number): LoopState | null {
  return loopState(runtime.datapath.stats.peers[row * PEER_WIDTH + PEER.loop]);
}
