/** `show guards`. */
import { guardPage, guardStatus } from '../answers/guard-status.js';
import { type MethodTable, read } from './method.js';
import { ofInterface, page } from './params.js';

export const GUARD_METHODS = {
  'show.guards': read(ofInterface, ({ find }, params) => guardStatus(find.interfaces(params.interface))),
  'show.guardsPage': read(page, ({ find }, params) => guardPage(find.interfaces(params.interface), params)),
} satisfies Partial<MethodTable>;
