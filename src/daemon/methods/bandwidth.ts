/** `bandwidth.start`, `bandwidth.read`, `bandwidth.stop`. */
import { z } from 'zod';
import type { BandwidthParams, BandwidthStarted } from '../../api/index.js';
import { FASTEST_TEST_KBPS, LONGEST_TEST_S } from '../../wire/bandwidth-test.js';
import { RequestError } from '../base/request-errors.js';
import type { BandwidthTest } from '../interfaces/bandwidth-test.js';
import { linkOf } from '../interfaces/finder.js';
import { admin, type CallingConnection, type MethodContext, type MethodTable, read } from './method.js';
import { linkId, onePeer } from './params.js';

/** Of each connection: the tests that it has started, by id. */
const owned = new WeakMap<CallingConnection, Map<number, BandwidthTest>>();

export const BANDWIDTH_METHODS = {
  'bandwidth.start': admin(
    onePeer.extend({
      link: linkId.optional(),
      seconds: z.int().min(1).max(LONGEST_TEST_S),
      rateKbps: z.int().min(8).max(FASTEST_TEST_KBPS),
      direction: z.enum(['forward', 'reverse', 'both']),
    }),
    start,
    'slow',
  ),
  // Not one of administrators, whose calls are logged: whoever has started the test may read it.
  'bandwidth.read': read(
    z.strictObject({ id: z.int(), seen: z.int().min(0).max(1000) }),
    ({ connection, signal }, { id, seen }) => testOf(connection, id).report(seen, signal),
    'slow',
  ),
  'bandwidth.stop': read(z.strictObject({ id: z.int() }), ({ connection }, { id }) => {
    owned.get(connection)?.get(id)?.stop('stopped');
    return null;
  }),
} satisfies Partial<MethodTable>;

async function start(context: MethodContext, params: BandwidthParams): Promise<BandwidthStarted> {
  const { connection, find, signal } = context;
  const { runtime, peer } = find.peer(params);
  if (params.link !== undefined) linkOf(peer, params.link);
  const [test, { kbps }] = await runtime.bandwidth.start(peer, params, signal);
  const id = test.plan.test;
  const mine = owned.get(connection) ?? new Map<number, BandwidthTest>();
  owned.set(connection, mine);
  mine.set(id, test);
  // It outlives the request, not the connection.
  signal.addEventListener('abort', () => test.stop('the client is gone'));
  return { id, interface: runtime.name, peerRateKbps: kbps === 0 ? null : kbps };
}

function testOf(connection: CallingConnection, id: number): BandwidthTest {
  const test = owned.get(connection)?.get(id);
  if (test === undefined) throw new RequestError(`this connection has no bandwidth test ${id}`);
  return test;
}
