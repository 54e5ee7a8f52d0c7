import type { LoopState } from '../../api/index.js';

const LOOP_TEXTS: Record<LoopState | 'healed', string> = {
  noticed: 'closes a loop: the LAN has another way to the same stations',
  held: 'is held: the LAN has another way to the same stations, which would be a loop',
  'held-elsewhere': 'closes a loop that another gateway has cut',
  healed: 'closes a loop no longer',
};

/** What is the matter with a peer that closes a loop. */
export function loopText(state: LoopState | 'healed'): string {
  return LOOP_TEXTS[state];
}
