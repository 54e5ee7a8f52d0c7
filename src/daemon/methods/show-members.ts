/** `show members`. */
import { memberStatus } from '../answers/member-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface } from './params.js';

export const MEMBER_METHODS = {
  'show.members': read(ofInterface, ({ find, native }, params) => {
    const now = native.now();
    return find.interfaces(params.interface).flatMap((runtime) => memberStatus(runtime, now));
  }),
} satisfies Partial<MethodTable>;
