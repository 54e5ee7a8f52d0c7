import type { LoopState } from '../../api/index.js';
import { formatVlans } from '../../grammar/values.js';

interface LoopText {
  is: string;
  because: string;
}

const ANOTHER_WAY = 'the LAN has another way to the same stations';
const LOOP_TEXTS: Record<LoopState | 'healed', LoopText> = {
  noticed: { is: 'closes a loop', because: `: ${ANOTHER_WAY}` },
  held: { is: 'is held', because: `: ${ANOTHER_WAY}, which would be a loop` },
  'held-elsewhere': { is: 'closes a loop', because: ' that another gateway has cut' },
  healed: { is: 'closes a loop no longer', because: '' },
};

/** What is the matter with a peer that closes a loop in some VLANs, in ascending order; 0: without a tag. */
export function loopText(state: LoopState | 'healed', vlans: readonly number[]): string {
  const { is, because } = LOOP_TEXTS[state];
  return `${is}${placeText(vlans)}${because}`;
}

/** The same of all loops of a peer: a line for each state. */
export function loopTexts(loops: readonly { vlan: number; state: LoopState }[]): string[] {
  const states = new Set(loops.map(({ state }) => state));
  return [...states].map((state) => {
    const vlans = loops.filter((loop) => loop.state === state).map(({ vlan }) => vlan);
    return loopText(state, vlans);
  });
}

/** Nothing is said of a loop of untagged frames alone. */
function placeText(vlans: readonly number[]): string {
  const tagged = vlans.filter((vlan) => vlan !== 0);
  if (tagged.length === 0) return '';
  const untagged = tagged.length < vlans.length ? ' without a tag and' : '';
  return `${untagged} in VLAN ${formatVlans(tagged.map((vlan) => [vlan, vlan]))}`;
}
