/** `drain` and `undrain`, of a link and of an interface. */
import { z } from 'zod';
import { admin, type MethodTable } from './method.js';
import { interfaceName, oneLink, timeoutS } from './params.js';

const oneInterface = z.strictObject({ interface: interfaceName });

export const DRAIN_METHODS = {
  'drain.link': admin(oneLink.extend({ timeoutS }), ({ find, signal }, params) => {
    const { runtime, peer, link } = find.link(params);
    return runtime.drains.empty(peer, link, params.timeoutS, signal);
  }),
  'undrain.link': admin(oneLink, ({ find }, params) => {
    const { runtime, link } = find.link(params);
    return runtime.drains.refill(link);
  }),
  'drain.interface': admin(oneInterface.extend({ timeoutS }), ({ find, signal }, params) =>
    find.interfaces(params.interface)[0].drains.emptyAll(params.timeoutS, signal),
  ),
  'undrain.interface': admin(oneInterface, ({ find }, params) => {
    find.interfaces(params.interface)[0].drains.refillAll();
    return null;
  }),
} satisfies Partial<MethodTable>;
