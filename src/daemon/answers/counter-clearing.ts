/** `clear counters`: those of interfaces with all their peers, or those of a peer. */
import { Slices } from '../base/slices.js';
import type { Finder } from '../interfaces/finder.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Rows of peers and links that a worker clears between two batches of frames. */
const ROWS_AT_ONCE = 512;

/**
 * Sets what is named to zero; ends early when the signal aborts. Throws `RequestError` where a peer or an interface is named that
 * there is not.
 */
export async function clearCounters(
  find: Finder,
  { interface: name, peer }: { interface?: string | undefined; peer?: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  if (peer === undefined) {
    for (const runtime of find.interfaces(name)) await clearInterface(runtime, signal);
    return;
  }
  const found = find.peer({ peer, ...(name !== undefined && { interface: name }) });
  await found.runtime.datapath.clearCounters({ peer: found.peer.row });
}

async function clearInterface(runtime: InterfaceRuntime, signal: AbortSignal): Promise<void> {
  runtime.handshakes.clearCounters();
  runtime.tapQueue.clearCounters();
  runtime.sockets.queues.clearCounters();
  runtime.members.refusals.clearCounters();
  runtime.bandwidth.clearCounters();
  const slices = new Slices();
  let from: number | null = 0;
  do {
    from = await runtime.datapath.clearCounters({ peer: null, from, rows: ROWS_AT_ONCE });
    slices.begun();
    await slices.pause();
  } while (from !== null && !signal.aborted);
}
