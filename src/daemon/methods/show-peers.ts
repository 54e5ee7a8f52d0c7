/** `show peers`, `show peer`, `clear peer`. */
import { pageOf } from '../answers/pages.js';
import { peerStatus } from '../answers/peer-status.js';
import { refusal } from '../base/refusal.js';
import { RequestError } from '../base/request-errors.js';
import { admin, type MethodTable, read } from './method.js';
import { ofInterface, onePeer, page } from './params.js';

export const PEER_METHODS = {
  'show.peers': read(ofInterface, ({ find, native, histories }, params) => {
    const now = native.now();
    return find.fewPeers(params).map(({ runtime, peer }) => peerStatus(runtime, peer, now, histories));
  }),
  'show.peersPage': read(page, ({ find, native, histories }, params) => {
    const now = native.now();
    return pageOf(find.interfaces(params.interface), params, ({ runtime, peers }) =>
      peers.map((peer) => peerStatus(runtime, peer, now, histories)),
    );
  }),
  'show.peer': read(onePeer, ({ find, native, histories }, params) => {
    const { runtime, peer } = find.peer(params);
    return peerStatus(runtime, peer, native.now(), histories);
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
