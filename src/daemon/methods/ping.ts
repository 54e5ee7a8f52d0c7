/** `ping peer`: echo requests through a link, answered by the peer's datapath. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { PingParams, PingResult } from '../../api/index.js';
import { isIpv4, peerBehind } from '../answers/peer-behind.js';
import { type Finder, type FoundPeer, linkOf } from '../interfaces/finder.js';
import { type MethodTable, read } from './method.js';
import { linkId, onePeer } from './params.js';

const ANSWER_TIMEOUT_MS = 1000;
/** Probes in one second of all who may only read. */
const READERS_PER_SECOND = 50;

/** Probes are traffic that others pay for. */
export class ReadersPace {
  private windowMs = Number.NEGATIVE_INFINITY;
  private sent = 0;

  /** Resolves when a reader's next probe may be sent, or when `signal` aborts. */
  async admit(signal: AbortSignal): Promise<void> {
    let ms = this.waitMs(performance.now());
    while (ms > 0 && !signal.aborted) {
      await sleep(ms, undefined, { signal }).catch(() => {});
      ms = this.waitMs(performance.now());
    }
  }

  /** Milliseconds to wait; 0: now, and it counts. */
  waitMs(nowMs: number): number {
    const end = this.windowMs + 1000;
    if (nowMs >= end) {
      this.windowMs = nowMs;
      this.sent = 0;
    }
    if (this.sent >= READERS_PER_SECOND) return end - nowMs;
    this.sent++;
    return 0;
  }
}

const readersPace = new ReadersPace();

type Probe = PingResult['probes'][number] & { seenAs: string | null; version: string | null };

export const PING_METHODS = {
  ping: read(
    onePeer.extend({
      link: linkId.optional(),
      count: z.int().min(1).max(1000),
      size: z.int().min(0).max(65000),
      intervalMs: z.int().min(10).max(10000),
    }),
    async ({ find, privilege, signal }, params) => {
      const pace = privilege === 'admin' ? null : readersPace;
      const found = await target(find, params, signal, pace);
      if (params.link !== undefined) linkOf(found.peer, params.link);
      return ping(found, params, signal, pace);
    },
    'slow',
  ),
} satisfies Partial<MethodTable>;

/** The peer of this name, or else behind which the host of this IPv4 address is. */
async function target(
  find: Finder,
  params: PingParams,
  signal: AbortSignal,
  pace: ReadersPace | null,
): Promise<FoundPeer> {
  const { peer: name, interface: within } = params;
  const isName = find.interfaces(within).some(({ peers }) => peers.get(name) !== undefined);
  if (isName || !isIpv4(name)) return find.peer(params);
  // It may send a frame, too.
  await pace?.admit(signal);
  return peerBehind(find, name, within, signal);
}

async function ping(
  found: FoundPeer,
  params: PingParams,
  signal: AbortSignal,
  pace: ReadersPace | null,
): Promise<PingResult> {
  const { count, intervalMs } = params;
  const probes: Promise<Probe>[] = [];
  for (let sequence = 1; sequence <= count && !signal.aborted; sequence++) {
    if (pace !== null) await pace.admit(signal);
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
  const { rttUs = null, seenAs = null, version = null } = reply ?? {};
  return { sequence, link: reply?.link ?? link, rttUs, seenAs, version };
}

function summary({ runtime, peer }: FoundPeer, probes: Probe[]): PingResult {
  const times = probes.flatMap(({ rttUs }) => (rttUs === null ? [] : [rttUs]));
  const known = times.length > 0;
  const last = probes.findLast(({ rttUs }) => rttUs !== null);
  return {
    peer: peer.config.name,
    interface: runtime.name,
    probes: probes.map(({ seenAs: _, version: __, ...probe }) => probe),
    sent: probes.length,
    received: times.length,
    rttMinUs: known ? Math.min(...times) : null,
    rttMeanUs: known ? Math.round(times.reduce((sum, time) => sum + time, 0) / times.length) : null,
    rttMaxUs: known ? Math.max(...times) : null,
    seenAs: last?.seenAs ?? null,
    peerVersion: last?.version ?? null,
  };
}
