/** `show arp-suppression`. */
import { arpSuppressionStatus } from '../answers/arp-suppression-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface } from './params.js';

export const ARP_SUPPRESSION_METHODS = {
  'show.arpSuppression': read(ofInterface, ({ find }, params) =>
    Promise.all(find.interfaces(params.interface).map(arpSuppressionStatus)),
  ),
} satisfies Partial<MethodTable>;
