/** Events: past ones, and those to come. */
import { z } from 'zod';
import { type MethodTable, read } from './method.js';
import { linkId, nothing, ofPeer } from './params.js';

export const EVENT_METHODS = {
  'show.events': read(
    ofPeer.extend({ link: linkId.optional(), last: z.int().min(1).max(10000).optional() }),
    ({ events }, params) => events.recent(params),
  ),
  'events.subscribe': read(nothing, ({ connection }) => {
    connection.setSubscribed(true);
    return null;
  }),
  'events.unsubscribe': read(nothing, ({ connection }) => {
    connection.setSubscribed(false);
    return null;
  }),
} satisfies Partial<MethodTable>;
