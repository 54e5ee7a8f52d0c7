/** `explain peer`: what the datapath says of its decision, with the names of the configuration. */
import type { PeerExplained } from '../../api.js';
import type { PeerExplanation } from '../../link/explain.js';
import type { PeerEntry } from '../interface/peers.js';
import { seconds } from './links.js';

export function explained(name: string, peer: PeerEntry, explanation: PeerExplanation): PeerExplained {
  const { links, sinceUs, ...decision } = explanation;
  return {
    peer: peer.config.name,
    interface: name,
    ...decision,
    sinceSeconds: sinceUs === null ? null : seconds(sinceUs),
    links: links.map((link) => ({
      ...link,
      description: peer.links.get(link.link)?.config.description ?? null,
    })),
  };
}
