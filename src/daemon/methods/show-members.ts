/** `show members`. */
import { memberPage, memberStatus } from '../answers/member-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface, page } from './params.js';

export const MEMBER_METHODS = {
  'show.members': read(ofInterface, ({ find, native }, params) =>
    memberStatus(find.interfaces(params.interface), native.now()),
  ),
  'show.membersPage': read(page, ({ find, native }, params) =>
    memberPage(find.interfaces(params.interface), params, native.now()),
  ),
} satisfies Partial<MethodTable>;
