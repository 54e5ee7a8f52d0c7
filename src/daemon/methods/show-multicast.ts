/** `show multicast`. */
import { multicastStatus } from '../answers/multicast-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface } from './params.js';

export const MULTICAST_METHODS = {
  'show.multicast': read(ofInterface, ({ find }, params) =>
    Promise.all(find.interfaces(params.interface).map(multicastStatus)),
  ),
} satisfies Partial<MethodTable>;
