/** `show uplinks`. */
import { uplinkStatus } from '../answers/uplink-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface } from './params.js';

export const UPLINK_METHODS = {
  'show.uplinks': read(ofInterface, async ({ find }, params) => {
    return (await Promise.all(find.interfaces(params.interface).map(uplinkStatus))).flat();
  }),
} satisfies Partial<MethodTable>;
