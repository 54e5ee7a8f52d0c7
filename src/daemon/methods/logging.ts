/** `show logging` and `show aliases`. */
import { z } from 'zod';
import { admin, type MethodTable, read } from './method.js';
import { nothing } from './params.js';

export const LOGGING_METHODS = {
  // It names who administrates, and what.
  'show.logging': admin(
    z.strictObject({ last: z.int().min(1).max(1000).optional() }),
    ({ logging, eventHandler }, { last }) => ({
      ...logging.status(last),
      eventHandler: eventHandler.status(),
    }),
  ),
  'show.aliases': read(nothing, ({ runningConfig }) => runningConfig().aliases ?? []),
} satisfies Partial<MethodTable>;
