/** What is known of stations, for `show mac-table` and `show vlan`, and what `clear mac-table` removes. */
import type {
  MacCleared,
  MacClearing,
  MacPlace,
  MacStretch,
  MacWanted,
  VlanRow,
} from '../contract/answers.js';
import { type MacTable, VLANS } from './mac-table.js';

/** Rows of the table to look at, what is wanted of them, and whether to count only. */
interface MacQuestion {
  from: number;
  rows: number;
  wanted: MacWanted;
  isCounted: boolean;
}

function isAt(place: MacPlace, vlan: number, port: number): boolean {
  return (place.vlan === null || place.vlan === vlan) && (place.port === null || place.port === port);
}

/** The entries wanted in some rows. */
export function macStretch(
  macs: MacTable,
  { from, rows: count, wanted, isCounted }: MacQuestion,
  now: number,
): MacStretch {
  const stretch: MacStretch = { rows: [], count: 0, next: -1 };
  stretch.next = macs.entries(now, from, count, (vlan, high, low, port, ageUs, isStatic) => {
    if (!isAt(wanted, vlan, port)) return;
    if (wanted.isStatic !== null && wanted.isStatic !== isStatic) return;
    stretch.count++;
    if (!isCounted) stretch.rows.push({ vlan, high, low, port, ageUs, isStatic });
  });
  return stretch;
}

/** Removes what is wanted of that which was learned, in so many slots; `walk`: where to go on, null: a walk begins. */
export function clearMacs(macs: MacTable, { walk, slots, wanted }: MacClearing, now: number): MacCleared {
  const next = walk ?? macs.beginWalk();
  const removed = macs.clear(now, next, slots, (vlan, high, low, port) => {
    if (!isAt(wanted, vlan, port)) return false;
    return wanted.address === null || (wanted.address.low === low && wanted.address.high === high);
  });
  return { removed, next: next.left > 0 ? next : null };
}

/** The VLANs in which stations are known. */
export function vlanRows(macs: MacTable): VlanRow[] {
  const rows: VlanRow[] = [];
  for (let vlan = 0; vlan < VLANS; vlan++) {
    const count = macs.countOf(vlan);
    if (count > 0) rows.push({ vlan, macs: count });
  }
  return rows;
}
