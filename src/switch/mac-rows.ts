/** What is known of stations, for `show mac-table` and `show vlan`. */
import type { MacStretch, MacWanted, VlanRow } from '../contract/answers.js';
import { type MacTable, VLANS } from './mac-table.js';

/** Rows of the table to look at, what is wanted of them, and whether to count only. */
interface MacQuestion {
  from: number;
  rows: number;
  wanted: MacWanted;
  isCounted: boolean;
}

/** The entries wanted in some rows. */
export function macStretch(
  macs: MacTable,
  { from, rows: count, wanted, isCounted }: MacQuestion,
  now: number,
): MacStretch {
  const stretch: MacStretch = { rows: [], count: 0, next: -1 };
  stretch.next = macs.entries(now, from, count, (vlan, high, low, port, ageUs, isStatic) => {
    if (wanted.vlan !== null && wanted.vlan !== vlan) return;
    if (wanted.port !== null && wanted.port !== port) return;
    if (wanted.isStatic !== null && wanted.isStatic !== isStatic) return;
    stretch.count++;
    if (!isCounted) stretch.rows.push({ vlan, high, low, port, ageUs, isStatic });
  });
  return stretch;
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
