/** `show peers`, `show peer`, `clear peer`. */
import { listedPeers, peerSources } from '../answers/listed-peers.js';
import { pageOf } from '../answers/pages.js';
import { refusal } from '../base/refusal.js';
import { RequestError } from '../base/request-errors.js';
import { madeInSlices } from '../base/slices.js';
import { severalInterfaces } from '../interfaces/finder.js';
import { admin, type MethodTable, read } from './method.js';
import { ofInterface, onePeer, page } from './params.js';

export const PEER_METHODS = {
  'show.peers': read(ofInterface, (context, params) =>
    madeInSlices(listedPeers(context, params), (peer) => [peer.status()]),
  ),
  'show.peersPage': read(page, (context, params) =>
    pageOf(peerSources(context, params.interface), params, (peers) => peers.map((peer) => peer.status())),
  ),
  'show.peer': read(onePeer, (context, params) => {
    const found = listedPeers(context, params);
    if (found.length > 1) {
      const where = found.map((peer) => peer.interface);
      throw severalInterfaces(params.peer, where);
    }
    return found[0].status();
  }),
  'clear.peer': admin(onePeer, ({ find, log }, params) => {
    const { runtime, peer } = find.peer(params);
    if (!peer.admitted) throw new RequestError(`peer ${params.peer} is shut down or has no public key`);
    try {
      runtime.restartPeer(peer);
    } catch (error) {
      throw refusal(error as Error, log);
    }
    return null;
  }),
} satisfies Partial<MethodTable>;
