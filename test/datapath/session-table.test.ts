/** The counters of a session come to an end before they could repeat. */
import { expect, it } from 'vitest';
import { REFUSE_AFTER_DATAGRAMS } from '../../src/crypto/limits.js';
import { ReplayWindows } from '../../src/crypto/replay.js';
import { SessionTable } from '../../src/state/sessions.js';
import { COUNTER_LIMIT } from '../../src/wire/header.js';

function session(): SessionTable {
  const sessions = new SessionTable(new ReplayWindows());
  sessions.install(0, { peer: 0, localIndex: 1, remoteIndex: 2, sealKey: 3, openKey: 4, capabilities: 0 });
  return sessions;
}

it('seals as many datagrams as its key may, on all streams together, and none more', () => {
  const sessions = session();
  expect(sessions.take(0, 0, REFUSE_AFTER_DATAGRAMS - 2)).toBe(0);
  expect(sessions.take(0, 1, 3)).toBe(-1);
  expect(sessions.take(0, 1, 1)).toBe(0);
  expect(sessions.take(0, 2, 1)).toBe(0);
  for (let stream = 0; stream < 8; stream++) expect(sessions.take(0, stream, 1)).toBe(-1);
});

it('gives no counter from the end of a stream on, and a new session begins at 0', () => {
  const sessions = session();
  sessions.counters[0] = COUNTER_LIMIT - 1;
  expect(sessions.take(0, 0, 2)).toBe(-1);
  expect(sessions.take(0, 0, 1)).toBe(COUNTER_LIMIT - 1);
  expect(sessions.take(0, 0, 1)).toBe(-1);
  sessions.install(0, { peer: 0, localIndex: 5, remoteIndex: 6, sealKey: 7, openKey: 8, capabilities: 0 });
  expect(sessions.take(0, 0, 1)).toBe(0);
});

it('gives no counter of a session that does not exist, or no longer: nothing is sealed under the key of another', () => {
  const sessions = session();
  for (const slot of [-1, 1, 1000]) expect(sessions.take(slot, 0, 1)).toBe(-1);
  sessions.retire(0);
  expect(sessions.take(0, 0, 1)).toBe(-1);
});
