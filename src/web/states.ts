/** How a link looks: the class of its state, and the words beside it, since colour alone tells nobody enough. */
import type { LinkStatus, PeerStatus } from '../api/peers.js';

/** `up`, `down`, or `other` for what is neither: waiting, damped, drained, shut down. */
export function stateClass({ state }: LinkStatus | PeerStatus): 'up' | 'down' | 'other' {
  if (state === 'up') return 'up';
  return state === 'down' || state === 'one-way' ? 'down' : 'other';
}

/** `up, carries` */
export function stateText(link: LinkStatus): string {
  return link.active ? `${link.state}, carries` : link.state;
}
