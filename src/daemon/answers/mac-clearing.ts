/** `clear mac-table`: what was learned is removed from the tables of interfaces. */
import type { MacClearFilter, MacsCleared } from '../../api/index.js';
import type { MacCleared, MacUnwanted, MacWalk } from '../../contract/answers.js';
import { parseMac } from '../../grammar/address.js';
import { Slices } from '../base/slices.js';
import { macNumbers } from '../interfaces/addresses.js';
import type { Finder } from '../interfaces/finder.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { macSources } from './mac-entries.js';

/** Slots of its table that a worker looks at between two batches of frames. */
const SLOTS_AT_ONCE = 1024;

/** Removes what is named; ends early when the signal aborts. Throws `RequestError` where a peer is named that there is not. */
export async function clearMacs(
  find: Finder,
  { address, ...filter }: { [Field in keyof MacClearFilter]: MacClearFilter[Field] | undefined },
  signal: AbortSignal,
): Promise<MacsCleared[]> {
  const mac = address === undefined ? null : parseMac(address);
  const cleared: MacsCleared[] = [];
  for (const { runtime, wanted } of macSources(find, filter)) {
    const { vlan, port } = wanted;
    const unwanted = { vlan, port, address: mac === null ? null : macNumbers(mac) };
    cleared.push({ interface: runtime.name, removed: await clearTable(runtime, unwanted, signal) });
  }
  return cleared;
}

async function clearTable(
  { datapath }: InterfaceRuntime,
  wanted: MacUnwanted,
  signal: AbortSignal,
): Promise<number> {
  const slices = new Slices();
  let removed = 0;
  let walk: MacWalk | null = null;
  do {
    const done: MacCleared | null = await datapath.clearMacs({ walk, slots: SLOTS_AT_ONCE, wanted });
    slices.begun();
    removed += done?.removed ?? 0;
    walk = done?.next ?? null;
    await slices.pause();
  } while (walk !== null && !signal.aborted);
  return removed;
}
