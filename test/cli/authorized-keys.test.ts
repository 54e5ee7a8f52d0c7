/** `show authorized-keys`, `clear authorized-keys` and the event, as text. */
import { expect, it } from 'vitest';
import type { AuthorizedKeyStatus } from '../../src/api/index.js';
import { AUTHORIZED_KEYS_TABLE, authorizedKeysText } from '../../src/cli/output/authorized-keys.js';
import { eventText } from '../../src/cli/output/events.js';
import { GrowingTable } from '../../src/cli/output/table.js';

const ALICE: AuthorizedKeyStatus = {
  interface: 'octo0',
  name: 'alice',
  publicKey: 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=',
  template: null,
  vlan: null,
  description: null,
  expiresMs: null,
  line: 3,
  state: 'up',
};
const BOB = {
  ...ALICE,
  name: 'bob',
  template: 'gold',
  vlan: { mode: 'access' as const, vlan: 10 },
  description: 'third floor',
  expiresMs: Date.UTC(2027, 5, 30),
  line: 4,
  state: 'absent' as const,
};

it('show authorized-keys has a line a client', () => {
  const table = new GrowingTable(AUTHORIZED_KEYS_TABLE);
  expect([...table.add([ALICE, BOB]), ...table.end()]).toEqual([
    'Client  State   Template  VLANs      Expires            Line  Description',
    'alice   up      -         -          never                 3',
    'bob     absent  gold      access 10  2027-06-30 00:00Z     4  third floor',
  ]);
  expect(new GrowingTable(AUTHORIZED_KEYS_TABLE).end()).toEqual(['No authorized keys.']);
});

it('clear authorized-keys says what was read, or why not', () => {
  const read = { interface: 'octo0', file: '/k', clients: 2, wrong: 0, fault: null };
  expect(authorizedKeysText([read, { ...read, wrong: 1 }])).toEqual([
    'octo0: 2 clients in /k',
    'octo0: 2 clients in /k, 1 line wrong: see "show events"',
  ]);
  expect(authorizedKeysText([{ ...read, fault: 'the file /k is not used: writable by others' }])).toEqual([
    'octo0: the file /k is not used: writable by others',
  ]);
  expect(authorizedKeysText([])).toEqual(['No interface has a file of authorized keys.']);
});

it('the event counts', () => {
  const event = {
    kind: 'authorized-keys',
    interface: 'octo0',
    clients: 3,
    added: 1,
    removed: 0,
    wrong: 1,
  } as const;
  expect(eventText({ ...event, timeMs: 0 })).toContain(
    'octo0 authorized keys read: 3 clients, 1 new, 0 removed, 1 line wrong',
  );
});
