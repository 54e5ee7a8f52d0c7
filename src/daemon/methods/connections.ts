/** `hello`, `cancel`, `show users`: methods about connections themselves. */
import { z } from 'zod';
import type { MethodTable } from './method.js';
import { nothing, requestId, shown } from './params.js';

export const CONNECTION_METHODS = {
  hello: {
    privilege: 'read',
    /** Not strict: a newer client may send keys that this daemon does not know. */
    params: z.object({
      protocol: z.int().min(0),
      oldestProtocol: z.int().min(0).optional(),
      client: shown.max(100),
    }),
    run: ({ connection }, params) => connection.hello(params),
  },
  cancel: {
    privilege: 'read',
    params: z.strictObject({ id: requestId }),
    run({ connection }, { id }) {
      connection.cancel(id);
      return null;
    },
  },
  'show.users': {
    privilege: 'read',
    params: nothing,
    run: ({ clients, who }) =>
      clients().map((client) => ({ ...client, own: client.session === who.session })),
  },
} satisfies Partial<MethodTable>;
