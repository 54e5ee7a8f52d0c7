/** `trace`. */
import { z } from 'zod';
import { admin, type MethodTable } from './method.js';
import { oneLink } from './params.js';

export const TRACE_METHODS = {
  // Routers and peers have to answer what it sends.
  trace: admin(
    oneLink.extend({ hops: z.int().min(1).max(64) }),
    ({ find, signal }, params) => {
      const found = find.link(params);
      return found.runtime.traces.run(found, params.hops, signal);
    },
    'slow',
  ),
} satisfies Partial<MethodTable>;
