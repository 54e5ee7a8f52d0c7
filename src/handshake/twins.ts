/**
 * Notices two hosts that use one private key. Each of them knows only its own sessions, so it offers a generation that
 * the other has used up already, and it calls from another address. A single host does so once, after a restart; two
 * hosts do it in turn, for as long as both want the peer.
 */
import type { PathRef } from '../contract/events.js';
import { pathKey } from './path-key.js';
import type { PeerState, Session } from './peer-state.js';

const WINDOW = 60_000_000;
const OFTEN = 3;

/** Judges an accepted initiation before its session is made. The two paths when there are two hosts. */
export function twinsSeen(
  peer: PeerState,
  offeredGeneration: number,
  path: PathRef,
  now: number,
): readonly [PathRef, PathRef] | undefined {
  let latest: Session | undefined;
  for (const session of peer.sessions) {
    if (session.confirmed && (latest === undefined || session.generation > latest.generation))
      latest = session;
  }
  if (latest === undefined || offeredGeneration > latest.generation) return undefined;
  if (pathKey(latest.path) === pathKey(path)) return undefined;
  const twins = peer.twins ?? { count: 0, since: Number.NEGATIVE_INFINITY };
  peer.twins = twins;
  if (now - twins.since > WINDOW) {
    twins.since = now;
    twins.count = 0;
  }
  twins.count++;
  return twins.count >= OFTEN ? [latest.path, path] : undefined;
}
