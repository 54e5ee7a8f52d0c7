/** The parts of a daemon that invite and join, where there is no interface. */
import type { Config } from '../../src/api/index.js';
import { Invitations } from '../../src/daemon/joining/invitations.js';
import { Joiner } from '../../src/daemon/joining/join.js';
import { Expiries } from '../../src/daemon/observe/expiries.js';

const NOWHERE = '/nonexistent';

export function fakeJoining(host: { hostname(): string; runningConfig(): Config }) {
  return {
    expiries: new Expiries({ sources: [], nowMs: () => 0, tell: () => {} }),
    invitations: new Invitations({
      stateFolder: NOWHERE,
      hostname: () => host.hostname(),
      runtimes: new Map(),
      told: () => {},
    }),
    joiner: new Joiner({
      native: {
        routeDevice: () => 0,
        ifindex: () => 1,
        udpOpen: () => {
          throw new Error('nothing is joined here');
        },
      },
      stateFolder: NOWHERE,
      runningConfig: () => host.runningConfig(),
      taps: () => [],
    }),
  };
}
