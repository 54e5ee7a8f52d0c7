import { describe, expect, it } from 'vitest';
import type { UplinkStatus } from '../../src/api/index.js';
import { eventText } from '../../src/cli/output/events.js';
import { uplinksText } from '../../src/cli/output/uplinks.js';

const GROUP: UplinkStatus = {
  interface: 'octo0',
  group: 'core',
  active: 'osaka',
  cause: 'active-lost',
  activeSeconds: 65,
  moves: 2,
  preemptDelay: 30,
  members: [
    { peer: 'tokyo', priority: 200, role: 'unreachable' },
    { peer: 'osaka', priority: 100, role: 'active' },
  ],
};

describe('show uplinks', () => {
  it('names the server that carries, since when and why, and how the others stand', () => {
    expect(uplinksText([GROUP])).toEqual([
      'Uplink group core on octo0: osaka carries for 00:01:05 (the one before cannot be reached)',
      '  2 moves; a server of higher priority takes over once it has been ready for 30 s',
      '  Peer   Priority  State',
      '  tokyo       200  unreachable',
      '  osaka       100  active',
    ]);
  });

  it('says that none was reached yet, and that there are no groups', () => {
    const text = uplinksText([{ ...GROUP, active: null, activeSeconds: null, preemptDelay: null, moves: 0 }]);
    expect(text.slice(0, 2)).toEqual([
      'Uplink group core on octo0: no server has been reached yet',
      '  0 moves; the server that carries is kept',
    ]);
    expect(uplinksText([])).toEqual(['No uplink groups.']);
  });
});

describe('an uplink that moves', () => {
  it('is an event with the reason', () => {
    const event = { kind: 'uplink', interface: 'octo0', group: 'core', peer: 'osaka', timeMs: 0 } as const;
    expect(eventText({ ...event, before: 'tokyo', cause: 'active-drains' })).toContain(
      'octo0 uplink group core moved from tokyo to osaka: the one before drains',
    );
    expect(eventText({ ...event, before: null, cause: 'first-reachable' })).toContain(
      'octo0 uplink group core moved to osaka: the first one reached',
    );
  });
});
