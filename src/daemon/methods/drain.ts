/** `drain link` and `undrain link`. */
import type { MethodTable } from './method.js';
import { oneLink, timeoutS } from './params.js';

export const DRAIN_METHODS = {
  'drain.link': {
    privilege: 'admin',
    params: oneLink.extend({ timeoutS }),
    run({ find, signal }, params) {
      const { runtime, peer, link } = find.link(params);
      return runtime.drains.empty(peer, link, params.timeoutS, signal);
    },
  },
  'undrain.link': {
    privilege: 'admin',
    params: oneLink,
    run({ find }, params) {
      const { runtime, link } = find.link(params);
      return runtime.drains.refill(link);
    },
  },
} satisfies Partial<MethodTable>;
