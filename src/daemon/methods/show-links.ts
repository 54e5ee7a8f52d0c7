/** `show links`, `show mtu`, and the history of links. */
import { z } from 'zod';
import { historyStatus } from '../answers/history-status.js';
import { listedPeers, peerSources } from '../answers/listed-peers.js';
import { peerMtu } from '../answers/mtu-status.js';
import { pageOf, peersOf } from '../answers/pages.js';
import { RequestError } from '../base/request-errors.js';
import { madeInSlices } from '../base/slices.js';
import { type MethodTable, read } from './method.js';
import { linkId, ofPeer, page } from './params.js';

/** Histories in one answer; more must be asked for peer by peer. */
const MAX_HISTORIES = 64;

export const LINK_METHODS = {
  'show.links': read(ofPeer, (context, params) =>
    madeInSlices(listedPeers(context, params), (peer) => peer.links()),
  ),
  'show.linksPage': read(page, (context, params) =>
    pageOf(peerSources(context, params.interface), params, (peers) => peers.flatMap((peer) => peer.links())),
  ),
  'show.mtu': read(ofPeer, ({ find }, params) =>
    madeInSlices(find.fewPeers(params), ({ runtime, peer }) => [peerMtu(runtime, peer)]),
  ),
  'show.mtuPage': read(page, ({ find }, params) =>
    pageOf(find.interfaces(params.interface).map(peersOf), params, (peers, { runtime }) =>
      peers.map((peer) => peerMtu(runtime, peer)),
    ),
  ),
  'show.linkHistory': read(
    ofPeer.extend({ link: linkId.optional(), step: z.enum(['seconds', 'minutes']) }),
    ({ find, histories }, { link, step, ...filter }) => {
      const found = find.peers(filter).flatMap(({ runtime, peer }) =>
        peer.links
          .ids()
          .filter((id) => link === undefined || id === link)
          .sort((a, b) => a - b)
          .flatMap((id) => {
            const place = { interface: runtime.name, peer: peer.config.name, link: id };
            const history = histories.of(place.interface, place.peer, id);
            return history === undefined ? [] : [{ place, history }];
          }),
      );
      if (found.length > MAX_HISTORIES) {
        throw new RequestError(
          `the histories of ${found.length} links are too much for one answer: name a peer`,
        );
      }
      const now = histories.currentSecond;
      return found.map(({ place, history }) => historyStatus(place, history, step, now, Date.now()));
    },
  ),
} satisfies Partial<MethodTable>;
