/** `show multicast`. */
import { multicastPage, multicastStatus } from '../answers/multicast-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface, page } from './params.js';

export const MULTICAST_METHODS = {
  'show.multicast': read(ofInterface, ({ find }, params) =>
    Promise.all(find.interfaces(params.interface).map(multicastStatus)),
  ),
  'show.multicastPage': read(page, ({ find }, params) =>
    multicastPage(find.interfaces(params.interface), params),
  ),
} satisfies Partial<MethodTable>;
