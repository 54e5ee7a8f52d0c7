/** Who changes a configuration, and how messages call them. */
import { z } from 'zod';
import type { Who } from '../../api/index.js';

export const whoSchema = z.object({
  user: z.string(),
  uid: z.int().nullable(),
  pid: z.int().nullable(),
  session: z.int().nullable(),
});

/** The daemon itself: at its start, and when time runs out. */
export const DAEMON: Who = { user: 'octolinkd', uid: null, pid: null, session: null };

/** `user ana on session 3 (process 4242)`. */
export function nameOf({ user, session, pid }: Who): string {
  const place = session === null ? '' : ` on session ${session}`;
  return `user ${user}${place}${pid === null ? '' : ` (process ${pid})`}`;
}

/** Someone of before a restart: the number of the connection means another one by now. */
export function ofEarlierLife(who: Who): Who {
  return { ...who, session: null };
}
