/** The table of a link's states, row by row where a mistake would cost frames. */
import { describe, expect, it } from 'vitest';
import { isAlive, STATE } from '../../src/contract/link-states.js';
import { isDrained, nextState } from '../../src/link/life/states.js';

const STATES = Object.values(STATE);

describe('states of a link', () => {
  it('nothing but its configuration brings a link out of shutdown', () => {
    for (const what of ['lost', 'unheard', 'free', 'flapping', 'drained', 'busy', 'empty'] as const) {
      expect(nextState(STATE.SHUTDOWN, what), what).toBe(STATE.SHUTDOWN);
    }
    expect(nextState(STATE.SHUTDOWN, 'configured')).toBe(STATE.DOWN);
    expect(nextState(STATE.SHUTDOWN, 'pathless')).toBe(STATE.WAITING);
  });

  it('a link that works is not disturbed by being configured again', () => {
    for (const state of STATES.filter(isAlive)) expect(nextState(state, 'configured')).toBe(state);
  });

  it('nothing that ends its work leaves a link alive', () => {
    for (const what of ['stopped', 'lost', 'unheard', 'pathless'] as const) {
      for (const state of STATES) expect(isAlive(nextState(state, what)), `${what} in ${state}`).toBe(false);
    }
  });

  it('only a link that works becomes drained, and it must be draining before it is empty', () => {
    for (const state of STATES) {
      expect(nextState(state, 'empty') === STATE.DRAINED).toBe(isDrained(state));
      expect(isDrained(nextState(state, 'busy'))).toBe(isDrained(state));
    }
    expect(nextState(STATE.UP, 'drained')).toBe(STATE.DRAINING);
    expect(nextState(STATE.DRAINED, 'busy')).toBe(STATE.DRAINING);
  });

  it('a link that flaps is held back when it comes up, not while it is in use', () => {
    expect(nextState(STATE.DOWN, 'flapping')).toBe(STATE.DAMPED);
    expect(nextState(STATE.UP, 'flapping')).toBe(STATE.UP);
    expect(nextState(STATE.DAMPED, 'free')).toBe(STATE.UP);
  });
});
