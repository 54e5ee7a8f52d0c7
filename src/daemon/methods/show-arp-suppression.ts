/** `show arp-suppression`. */
import { arpSuppressionPage, arpSuppressionStatus } from '../answers/arp-suppression-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface, page } from './params.js';

export const ARP_SUPPRESSION_METHODS = {
  'show.arpSuppression': read(ofInterface, ({ find }, params) =>
    Promise.all(find.interfaces(params.interface).map(arpSuppressionStatus)),
  ),
  'show.arpSuppressionPage': read(page, ({ find }, params) =>
    arpSuppressionPage(find.interfaces(params.interface), params),
  ),
} satisfies Partial<MethodTable>;
