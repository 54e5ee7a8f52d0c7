/** Waits for a peer, a link or an interface to reach a state: what scripts do instead of sleeping. */
import type { WaitParams, WaitResult } from '../api/index.js';
import { RequestError } from './base/errors.js';

/** What is waited for, as it is at any moment. */
export interface WaitTarget {
  /** For messages: `peer osaka`. */
  name: string;
  state(): string;
  /** Calls back whenever the state may have changed, until the returned function is called. */
  watch(changed: () => void): () => void;
}

/**
 * Returns as soon as the target is `up`, or is anything else for `down`.
 * @throws RequestError after `timeoutS` seconds, or when `signal` aborts
 */
export async function waitFor(
  target: WaitTarget,
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
          finish(new RequestError(`timeout: ${target.name} is ${target.state()} after ${wanted.timeoutS} s`)),
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
