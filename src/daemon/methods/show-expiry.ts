/** `show expiry`. */
import { type MethodTable, read } from './method.js';
import { ofInterface } from './params.js';

export const EXPIRY_METHODS = {
  'show.expiry': read(ofInterface, ({ expiries }, params) =>
    expiries.list().filter((one) => params.interface === undefined || one.interface === params.interface),
  ),
} satisfies Partial<MethodTable>;
