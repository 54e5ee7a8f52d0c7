/** Events: past ones, and those to come. */
import { z } from 'zod';
import type { MethodTable } from './method.js';
import { linkId, nothing, ofPeer } from './params.js';

export const EVENT_METHODS = {
  'show.events': {
    privilege: 'read',
    params: ofPeer.extend({ link: linkId.optional(), last: z.int().min(1).max(10000).optional() }),
    run: ({ events }, params) => events.recent(params),
  },
  'events.subscribe': {
    privilege: 'read',
    params: nothing,
    run({ connection }) {
      connection.setSubscribed(true);
      return null;
    },
  },
  'events.unsubscribe': {
    privilege: 'read',
    params: nothing,
    run({ connection }) {
      connection.setSubscribed(false);
      return null;
    },
  },
} satisfies Partial<MethodTable>;
