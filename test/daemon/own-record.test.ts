import { expect, it } from 'vitest';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { OwnRecord } from '../../src/daemon/interfaces/own-record.js';
import { MemberList } from '../../src/member/member-list.js';

const DAY_MS = 86_400_000;

it('a host whose clock was ahead once is believed by the others when it starts again with the right time', () => {
  const keys = generateKeyPair(sodiumPrimitives);
  const today = 20_000 * DAY_MS;
  let now = today + 365 * DAY_MS;
  const list = new MemberList({ primitives: sodiumPrimitives, revokers: () => [], nowMs: () => today });
  const name = 'ahead';
  expect(list.take(new OwnRecord('octo0', () => now).get(keys, [], name).bytes, 'registry')).toBe('changed');
  now = today;
  const known = (): number => [...list.all()][0].record.sequence;
  const again = new OwnRecord('octo0', () => now);
  expect(list.take(again.get(keys, [], name, known()).bytes, 'registry')).toBe('changed');
  expect(again.get(keys, [], name, known())).toBe(again.get(keys, [], name, known()));
  // Another daemon with this key was ahead as well, and is heard of only now.
  const other = new OwnRecord('octo0', () => today + 400 * DAY_MS);
  list.take(other.get(keys, [], name).bytes, 'registry');
  expect(list.take(again.get(keys, [], name, known()).bytes, 'registry')).toBe('changed');
  expect(list.take(again.farewell(keys, name, known()), 'registry')).toBe('changed');
});
