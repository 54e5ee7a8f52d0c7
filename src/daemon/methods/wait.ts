/** `wait`: until a peer, a link or an interface reaches a state; what scripts do instead of sleeping. */
import { z } from 'zod';
import type { WaitParams, WaitResult } from '../../api/index.js';
import { RequestError } from '../base/request-errors.js';
import { linkOf, noInterface } from '../interfaces/finder.js';
import { type DaemonParts, type MethodTable, read } from './method.js';
import { linkId, ofPeer, timeoutS } from './params.js';

export const WAIT_METHODS = {
  wait: read(
    ofPeer
      .extend({ link: linkId.optional(), state: z.enum(['up', 'down']), timeoutS })
      .refine(({ peer, link }) => peer !== undefined || link === undefined, 'a link is one of a peer')
      .refine(
        (what) => what.peer !== undefined || what.interface !== undefined,
        'name a peer or an interface',
      ),
    (context, params) => waitFor(targetOf(context, params), params, context.signal),
    'slow',
  ),
} satisfies Partial<MethodTable>;

/** What is waited for. */
interface Target {
  /** For messages: `peer osaka`. */
  name: string;
  state(): string;
  /** Calls back whenever the state may have changed, until the returned function is called. */
  watch(changed: () => void): () => void;
}

function targetOf(parts: DaemonParts, { peer, link, interface: within }: WaitParams): Target {
  if (peer === undefined) return interfaceTarget(parts, within ?? '');
  const named = { peer, ...(within !== undefined && { interface: within }) };
  // A client is a peer only while it is connected, and may be waited for.
  const isClient = parts.find.hasClient(named);
  const found = isClient ? null : parts.find.peer(named);
  if (found !== null && link !== undefined) linkOf(found.peer, link);
  return {
    name: link === undefined ? `peer ${peer}` : `link ${link} of peer ${peer}`,
    // Looked up each time: an interface whose worker died comes back with other entries.
    state() {
      const name = within ?? found?.runtime.name;
      const runtimes = name === undefined ? parts.find.interfaces() : [parts.find.interface(name)];
      const entry = runtimes.map((runtime) => runtime?.peers.get(peer)).find((one) => one !== undefined);
      if (entry === undefined) return 'gone';
      if (link === undefined) return entry.up ? 'up' : 'down';
      return entry.links.get(link)?.state ?? 'gone';
    },
    watch: (changed) => parts.events.listen(changed),
  };
}

function interfaceTarget({ runningConfig, find, events }: DaemonParts, name: string): Target {
  if (!runningConfig().interfaces.some((one) => one.name === name)) throw noInterface(name);
  return {
    name: `interface ${name}`,
    state: () => (find.interface(name)?.datapath.alive ? 'up' : 'down'),
    watch: (changed) => events.listen(changed),
  };
}

/**
 * Resolves as soon as the target is `up`, or for `down` anything else. Rejects with `RequestError` after `timeoutS`
 * seconds, or when `signal` aborts.
 */
async function waitFor(
  target: Target,
  wanted: Pick<WaitParams, 'state' | 'timeoutS'>,
  signal: AbortSignal,
): Promise<WaitResult> {
  const started = performance.now();
  const reached = (): boolean => (target.state() === 'up') === (wanted.state === 'up');
  if (!reached()) {
    await new Promise<void>((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        unwatch();
        signal.removeEventListener('abort', aborted);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer = setTimeout(
        () =>
          finish(
            new RequestError(`timed out after ${wanted.timeoutS} s: ${target.name} still ${target.state()}`),
          ),
        wanted.timeoutS * 1000,
      );
      const aborted = (): void => finish(new RequestError('interrupted'));
      const unwatch = target.watch(() => {
        if (reached()) finish();
      });
      signal.addEventListener('abort', aborted);
      if (signal.aborted) aborted();
    });
  }
  return { state: target.state(), waitedMs: Math.round(performance.now() - started) };
}
