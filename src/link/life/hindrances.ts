/** Notes what keeps a link from being used, for whoever looks for the fault. */
import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';

/** The kernel refused to send by a link, with a negative errno. */
export function noteRefusal(stats: SharedStats, link: number, errno: number, now: number): void {
  note(stats, link, now);
  stats.links[link * LINK_WIDTH + LINK.refusedErrno] = errno;
}

/** The peer has another id for a link. */
export function noteOtherId(stats: SharedStats, link: number, id: number, now: number): void {
  note(stats, link, now);
  stats.links[link * LINK_WIDTH + LINK.otherId] = id;
}

function note({ links }: SharedStats, link: number, now: number): void {
  const at = link * LINK_WIDTH;
  links[at + LINK.hinderedUs] = now;
  links[at + LINK.refusedErrno] = 0;
  links[at + LINK.otherId] = 0;
}
