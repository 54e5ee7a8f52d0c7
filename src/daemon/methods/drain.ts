/** `drain link` and `undrain link`. */
import { admin, type MethodTable } from './method.js';
import { oneLink, timeoutS } from './params.js';

export const DRAIN_METHODS = {
  'drain.link': admin(oneLink.extend({ timeoutS }), ({ find, signal }, params) => {
    const { runtime, peer, link } = find.link(params);
    return runtime.drains.empty(peer, link, params.timeoutS, signal);
  }),
  'undrain.link': admin(oneLink, ({ find }, params) => {
    const { runtime, link } = find.link(params);
    return runtime.drains.refill(link);
  }),
} satisfies Partial<MethodTable>;
