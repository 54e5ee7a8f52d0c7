/** Indexes of the host's interfaces. */
import type { Native } from '../../native/binding.js';

/** Index of the interface of a name; 0 when there is none. */
export function ifindexOf(native: Pick<Native, 'ifindex'>, name: string): number {
  try {
    return native.ifindex(name);
  } catch {
    return 0;
  }
}
