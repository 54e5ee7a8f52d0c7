/** Loops that peers close, by row of the peer and VLAN, as the datapath has told. */
import type { LoopState } from '../../api/index.js';
import { LOOP } from '../../switch/loop-guard.js';

const STATES: Record<number, LoopState | undefined> = {
  [LOOP.NOTICED]: 'noticed',
  [LOOP.HELD]: 'held',
  [LOOP.HELD_ELSEWHERE]: 'held-elsewhere',
};

/** Name of a state of `LOOP`; null for none. */
export function loopState(state: number): LoopState | null {
  return STATES[state] ?? null;
}

export class Loops {
  private readonly states = new Map<number, Map<number, LoopState>>();

  /** A peer stands so, one of `LOOP`, in these VLANs (0: without a tag) from now on. */
  note(row: number, vlans: readonly number[], state: number): void {
    const ofPeer = this.states.get(row) ?? new Map<number, LoopState>();
    const name = loopState(state);
    for (const vlan of vlans) {
      if (name === null) ofPeer.delete(vlan);
      else ofPeer.set(vlan, name);
    }
    if (ofPeer.size === 0) this.states.delete(row);
    else this.states.set(row, ofPeer);
  }

  /** How a peer stands in loops, by VLAN. */
  of(row: number): { vlan: number; state: LoopState }[] {
    const found = [...(this.states.get(row) ?? [])].map(([vlan, state]) => ({ vlan, state }));
    return found.sort((a, b) => a.vlan - b.vlan);
  }

  /** Rows of the peers that close a loop. */
  rows(): Iterable<number> {
    return this.states.keys();
  }

  peerRemoved(row: number): void {
    this.states.delete(row);
  }
}
