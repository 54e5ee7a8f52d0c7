/** `show guards`. */
import { guardStatus } from '../answers/guard-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface } from './params.js';

export const GUARD_METHODS = {
  'show.guards': read(ofInterface, async ({ find }, params) => {
    return (await Promise.all(find.interfaces(params.interface).map(guardStatus))).flat();
  }),
} satisfies Partial<MethodTable>;
