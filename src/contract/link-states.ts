/** States of a link as numbers: their places in `LINK_STATES`. */

export const STATE = {
  DOWN: 0,
  ONE_WAY: 1,
  UP: 2,
  SHUTDOWN: 3,
  WAITING: 4,
  DAMPED: 5,
  DRAINING: 6,
  DRAINED: 7,
} as const;

/** Whether both directions of a link in this state work, be it used or held back. */
export function isAlive(state: number): boolean {
  return state === STATE.UP || state >= STATE.DAMPED;
}
