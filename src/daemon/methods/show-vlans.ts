/** `show vlan`. */
import { vlanStatus } from '../answers/vlan-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface } from './params.js';

export const VLAN_METHODS = {
  'show.vlans': read(ofInterface, async ({ find }, params) => {
    return (await Promise.all(find.interfaces(params.interface).map(vlanStatus))).flat();
  }),
} satisfies Partial<MethodTable>;
