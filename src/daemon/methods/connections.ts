/** `hello`, `cancel`, `show users`: methods about connections themselves. */
import { z } from 'zod';
import { type MethodTable, read } from './method.js';
import { nothing, requestId, shown } from './params.js';

export const CONNECTION_METHODS = {
  hello: read(
    // Not strict: a newer client may send keys that this daemon does not know.
    z.object({
      protocol: z.int().min(0),
      oldestProtocol: z.int().min(0).optional(),
      client: shown.max(100),
    }),
    ({ connection }, params) => connection.hello(params),
  ),
  cancel: read(z.strictObject({ id: requestId }), ({ connection }, { id }) => {
    connection.cancel(id);
    return null;
  }),
  'show.users': read(nothing, ({ clients, who }) =>
    clients().map((client) => ({ ...client, own: client.session === who.session })),
  ),
} satisfies Partial<MethodTable>;
