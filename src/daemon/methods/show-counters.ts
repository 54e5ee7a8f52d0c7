/** `show counters`, `show drops`, `clear counters`. */
import { z } from 'zod';
import { clearCounters } from '../answers/counter-clearing.js';
import { dropCounters } from '../answers/drops.js';
import { pageOf, peersOf } from '../answers/pages.js';
import { madeInSlices } from '../base/slices.js';
import { interfaceCounters, peerCounters } from '../observe/counters.js';
import { dropExample } from '../observe/drop-examples.js';
import { admin, type MethodTable, read } from './method.js';
import { ofInterface, ofPeer, page } from './params.js';

export const COUNTER_METHODS = {
  'show.counters': read(ofPeer, async ({ find }, params) => {
    const whole = params.peer === undefined ? find.interfaces(params.interface) : [];
    const found = find.fewPeers(params);
    const ofPeers = await madeInSlices(found, ({ runtime, peer }) => peerCounters(runtime, peer));
    return [...whole.flatMap(interfaceCounters), ...ofPeers];
  }),
  'show.countersPage': read(page, ({ find }, params) =>
    pageOf(find.interfaces(params.interface).map(peersOf), params, (peers, { runtime }, begins) => [
      ...(begins ? interfaceCounters(runtime) : []),
      ...peers.flatMap((peer) => peerCounters(runtime, peer)),
    ]),
  ),
  'show.drops': read(
    ofInterface.extend({ all: z.boolean().optional() }),
    ({ find, histories, native, privilege }, { interface: name, all = false }) =>
      find.interfaces(name).flatMap((runtime) =>
        dropCounters(runtime, histories, all).map((drop) => {
          const example = dropExample(runtime, drop.reason, native.now(), privilege === 'admin');
          return {
            ...drop,
            peer: drop.peer ?? example?.peer ?? null,
            from: drop.from ?? example?.from ?? null,
            example,
          };
        }),
      ),
  ),
  'clear.counters': admin(
    ofPeer,
    async ({ find, signal }, which) => {
      await clearCounters(find, which, signal);
      return null;
    },
    'slow',
  ),
} satisfies Partial<MethodTable>;
