/** `capture.open`, `capture.read`, `capture.close`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import {
  CAPTURE_POINTS,
  type CaptureOpened,
  type CaptureParams,
  type CapturePoint,
  type CaptureRead,
  type CaptureReadParams,
  MAX_SNAP_BYTES,
  POINTS_WITHOUT_LINK,
  POINTS_WITHOUT_PEER,
  SEALED_POINTS,
} from '../../api/index.js';
import { RequestError } from '../base/request-errors.js';
import { linkOf } from '../interfaces/finder.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { compileFilter } from '../observe/capture-filter.js';
import { Capture } from '../observe/captures.js';
import { admin, type CallingConnection, type MethodContext, type MethodTable, read } from './method.js';
import { ofPeer, shown } from './params.js';

/** How often a reader who waits is looked after. */
const LOOK_MS = 20;

/** Of each connection: the captures that it may read and close, by id. */
const owned = new WeakMap<CallingConnection, Map<number, Owned>>();

export const CAPTURE_METHODS = {
  'capture.open': admin(
    ofPeer.extend({
      points: z.array(z.enum(CAPTURE_POINTS)).min(1).max(CAPTURE_POINTS.length),
      link: z.int().min(0).max(7).optional(),
      filter: shown.max(1000).optional(),
      snapBytes: z.int().min(64).max(MAX_SNAP_BYTES).optional(),
      whole: z.boolean().optional(),
    }),
    open,
  ),
  // Not one of administrators, whose calls are logged: whoever has opened the capture may read it.
  'capture.read': read(
    z.strictObject({
      id: z.int(),
      limit: z.int().min(1).max(1000),
      waitMs: z.int().min(0).max(10_000),
      form: z.enum(['bytes', 'words']),
    }),
    readNext,
    'slow',
  ),
  'capture.close': read(z.strictObject({ id: z.int() }), ({ connection }, { id }) => {
    owned.get(connection)?.get(id)?.stop();
    return null;
  }),
} satisfies Partial<MethodTable>;

/** A capture as its connection holds it. */
interface Owned {
  readonly capture: Capture;
  /** Ends it and tells everybody. */
  stop(): void;
}

function open(context: MethodContext, params: CaptureParams): CaptureOpened {
  const { connection, signal, events, who, native } = context;
  const { points, link = -1, filter, snapBytes, whole } = params;
  checkPoints(params);
  const { runtime, peer } = placeOf(context, params);
  const program = filter === undefined ? null : compileFilter(filter);
  const limits = { ...(snapBytes !== undefined && { snapBytes }), ...(whole !== undefined && { whole }) };
  const capture = new Capture(runtime, { points, peer, link, filter: program, ...limits }, native.now());
  const mine = owned.get(connection) ?? new Map<number, Owned>();
  owned.set(connection, mine);
  const told = { kind: 'capture', interface: runtime.name, by: who.user, points } as const;
  events.publish({ ...told, what: 'started', packets: 0 });
  const stop = () => {
    mine.delete(capture.id);
    signal.removeEventListener('abort', stop);
    capture.stop();
    events.publish({ ...told, what: 'ended', packets: capture.given });
  };
  // It outlives the request, not the connection.
  signal.addEventListener('abort', stop);
  mine.set(capture.id, { capture, stop });
  return { id: capture.id, interface: runtime.name };
}

/** Limits that would let nothing through are mistakes. */
function checkPoints({ points, peer, link, filter }: CaptureParams): void {
  const blind = (cannot: ReadonlySet<CapturePoint>) => points.find((point) => cannot.has(point));
  const withoutPeer = peer === undefined ? undefined : blind(POINTS_WITHOUT_PEER);
  if (withoutPeer !== undefined) {
    throw new RequestError(`at ${withoutPeer} no peer is known: capture at switch, peer-in or peer-out`);
  }
  if (link !== undefined && peer === undefined) throw new RequestError('a link needs its peer');
  const withoutLink = link === undefined ? undefined : blind(POINTS_WITHOUT_LINK);
  if (withoutLink !== undefined) throw new RequestError(`at ${withoutLink} no link is known`);
  const sealed = filter === undefined ? undefined : blind(SEALED_POINTS);
  if (sealed !== undefined) {
    throw new RequestError(`at ${sealed} datagrams are sealed: there is nothing that a filter could match`);
  }
}

/** The interface that is meant, and the row of the peer, or -1. */
function placeOf(
  { find }: MethodContext,
  { interface: name, peer, link }: CaptureParams,
): { runtime: InterfaceRuntime; peer: number } {
  if (peer !== undefined) {
    const found = find.peer({ peer, ...(name !== undefined && { interface: name }) });
    if (link !== undefined) linkOf(found.peer, link);
    return { runtime: found.runtime, peer: found.peer.row };
  }
  const [runtime, ...others] = find.interfaces(name);
  if (runtime === undefined) throw new RequestError('no interface runs');
  if (others.length > 0) throw new RequestError('several interfaces run: name one');
  return { runtime, peer: -1 };
}

async function readNext(
  { connection, signal }: MethodContext,
  { id, limit, waitMs, form }: CaptureReadParams,
): Promise<CaptureRead> {
  const capture = owned.get(connection)?.get(id)?.capture;
  if (capture === undefined) throw new RequestError(`this connection has no capture ${id}`);
  const end = performance.now() + waitMs;
  for (;;) {
    const answer = capture.take(limit, form);
    const isEmpty = answer.packets.length === 0 && Object.keys(answer.missed).length === 0;
    if (!isEmpty || answer.ended || signal.aborted || performance.now() >= end) return answer;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
