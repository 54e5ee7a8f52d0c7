/** `debug`, `undebug`, `show debugging`. */
import { z } from 'zod';
import { MAX_DEBUG_MINUTES } from '../../api/index.js';
import { admin, type MethodTable, read } from './method.js';
import { nothing, ofPeer, onePeer } from './params.js';

export const DEBUG_METHODS = {
  'debug.start': admin(
    onePeer.extend({ minutes: z.int().min(1).max(MAX_DEBUG_MINUTES) }),
    ({ find, debugs, who }, { minutes, ...params }) => debugs.start(find.peer(params), minutes, who.user),
  ),
  'debug.stop': admin(ofPeer, ({ debugs }, params) => {
    debugs.stop(params);
    return null;
  }),
  'show.debugging': read(nothing, ({ debugs }) => debugs.list()),
} satisfies Partial<MethodTable>;
