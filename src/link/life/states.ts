/**
 * States of a link as a pure table: what happens to it in each state takes it to which.
 *
 *   DOWN, ONE_WAY ── works ──▶ UP, or DAMPED if it has been lost too often, or DRAINING if an end wants it empty
 *   DAMPED ── steady for long enough ──▶ UP
 *   UP, DAMPED ── an end wants it empty ──▶ DRAINING ── nothing is under way any more ──▶ DRAINED
 *   all that work ── lost ──▶ DOWN, or ONE_WAY when heartbeats say that the peer does not hear us
 *
 * A three-state scheme after BFD (RFC 5880 section 6.2). DAMPED, DRAINING and DRAINED are alive, and lost like UP.
 */
import { STATE } from '../../contract/link-states.js';

const { DOWN, ONE_WAY, UP, SHUTDOWN, WAITING, DAMPED, DRAINING, DRAINED } = STATE;

/** What happens to a link. */
export type Happening = keyof typeof NEXT;

/** By state, in the order of `STATE`: the state that follows; the same one where nothing changes. */
// biome-ignore format: a table
const NEXT = {
  //             DOWN      ONE_WAY   UP        SHUTDOWN  WAITING   DAMPED    DRAINING  DRAINED
  /** It is to be used, and its path is known. */
  configured:   [DOWN,     ONE_WAY,  UP,       DOWN,     DOWN,     DAMPED,   DRAINING, DRAINED],
  /** It is to be used, and its path is not known yet. */
  pathless:     [WAITING,  WAITING,  WAITING,  WAITING,  WAITING,  WAITING,  WAITING,  WAITING],
  stopped:      [SHUTDOWN, SHUTDOWN, SHUTDOWN, SHUTDOWN, SHUTDOWN, SHUTDOWN, SHUTDOWN, SHUTDOWN],
  /** It can carry nothing any more. */
  lost:         [DOWN,     DOWN,     DOWN,     SHUTDOWN, WAITING,  DOWN,     DOWN,     DOWN],
  /** Heartbeats come, but say that the peer does not hear us. */
  unheard:      [ONE_WAY,  ONE_WAY,  ONE_WAY,  SHUTDOWN, ONE_WAY,  ONE_WAY,  ONE_WAY,  ONE_WAY],
  /** Both directions work, and nothing holds it back; or it is lost too often; or an end wants it empty. */
  free:         [UP,       UP,       UP,       SHUTDOWN, UP,       UP,       UP,       UP],
  flapping:     [DAMPED,   DAMPED,   UP,       SHUTDOWN, DAMPED,   DAMPED,   DAMPED,   DAMPED],
  drained:      [DRAINING, DRAINING, DRAINING, SHUTDOWN, DRAINING, DRAINING, DRAINING, DRAINED],
  /** No other link is there, so that it carries frames although it is to be empty. */
  busy:         [DOWN,     ONE_WAY,  UP,       SHUTDOWN, WAITING,  DAMPED,   DRAINING, DRAINING],
  /** Nothing is under way on a link that is to be empty. */
  empty:        [DOWN,     ONE_WAY,  UP,       SHUTDOWN, WAITING,  DAMPED,   DRAINED,  DRAINED],
} as const;

/** The state that follows `state` when `what` happens. */
export function nextState(state: number, what: Happening): number {
  return NEXT[what][state];
}

/** Whether a link in this state is being emptied or is empty. */
export function isDrained(state: number): boolean {
  return state === DRAINING || state === DRAINED;
}
