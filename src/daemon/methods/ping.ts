/** `ping peer`: echo requests through a link, answered by the peer's datapath. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { PingParams, PingResult } from '../../api/index.js';
import { type FoundPeer, linkOf } from '../interfaces/finder.js';
import { type MethodTable, read } from './method.js';
import { linkId, onePeer } from './params.js';

const ANSWER_TIMEOUT_MS = 1000;

type Probe = PingResult['probes'][number];

export const PING_METHODS = {
  ping: read(
    onePeer.extend({
      link: linkId.optional(),
      count: z.int().min(1).max(1000),
      size: z.int().min(0).max(65000),
      intervalMs: z.int().min(10).max(10000),
    }),
    ({ find, signal }, params) => {
      const found = find.peer(params);
      if (params.link !== undefined) linkOf(found.peer, params.link);
      return ping(found, params, signal);
    },
    'slow',
  ),
} satisfies Partial<MethodTable>;

async function ping(found: FoundPeer, params: PingParams, signal: AbortSignal): Promise<PingResult> {
  const { count, intervalMs } = params;
  const probes: Promise<Probe>[] = [];
  for (let sequence = 1; sequence <= count && !signal.aborted; sequence++) {
    probes.push(probe(found, params, sequence, signal));
    if (sequence === count) break;
    await sleep(intervalMs, undefined, { signal }).catch(() => {});
  }
  return summary(found, await Promise.all(probes));
}

async function probe(
  { runtime, peer }: FoundPeer,
  { link = null, size }: { link?: number | null; size: number },
  sequence: number,
  signal: AbortSignal,
): Promise<Probe> {
  const request = { peer: peer.row, link, sequence, size, timeoutMs: ANSWER_TIMEOUT_MS };
  const reply = await runtime.echoes.ask(request, signal);
  return { sequence, link: reply?.link ?? link, rttUs: reply?.rttUs ?? null };
}

function summary({ runtime, peer }: FoundPeer, probes: Probe[]): PingResult {
  const times = probes.flatMap(({ rttUs }) => (rttUs === null ? [] : [rttUs]));
  const known = times.length > 0;
  return {
    peer: peer.config.name,
    interface: runtime.name,
    probes,
    sent: probes.length,
    received: times.length,
    rttMinUs: known ? Math.min(...times) : null,
    rttMeanUs: known ? Math.round(times.reduce((sum, time) => sum + time, 0) / times.length) : null,
    rttMaxUs: known ? Math.max(...times) : null,
  };
}
