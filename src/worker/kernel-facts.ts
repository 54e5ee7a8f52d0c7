/** The kernel's events as facts of interfaces and addresses. */
import type { KernelFact } from '../contract/place.js';
import { NETLINK, NETLINK_KIND } from '../native/ops.js';

const UP_AND_RUNNING = 3;
const VRF = 4;
const DUPLICATE = 8;

/** What the first `count` rows of `NETLINK` say; changes of routes are left out. */
export function kernelFacts(rows: Int32Array, count: number): KernelFact[] {
  const facts: KernelFact[] = [];
  for (let row = 0; row < count; row++) {
    const fact = factOf(rows.subarray(row * NETLINK.WORDS, (row + 1) * NETLINK.WORDS));
    if (fact !== null) facts.push(fact);
  }
  return facts;
}

/** Whether anything has changed: answers are given because somebody asked. */
export function tellChanges(rows: Int32Array, count: number): boolean {
  for (let row = 0; row < count; row++)
    if (rows[row * NETLINK.WORDS + NETLINK.KIND] !== NETLINK_KIND.LINK_ANSWER) return true;
  return false;
}

function factOf(row: Int32Array): KernelFact | null {
  const index = row[NETLINK.IFINDEX];
  const isPresent = row[NETLINK.KIND] === NETLINK_KIND.ADDRESS;
  switch (row[NETLINK.KIND]) {
    case NETLINK_KIND.LINK:
    case NETLINK_KIND.LINK_ANSWER:
      return {
        what: 'interface',
        index,
        facts: {
          names: namesIn(row),
          running: (row[NETLINK.FLAGS] & UP_AND_RUNNING) === UP_AND_RUNNING,
          master: row[NETLINK.MASTER],
          lower: row[NETLINK.LOWER],
          isVrf: (row[NETLINK.FLAGS] & VRF) !== 0,
        },
      };
    case NETLINK_KIND.LINK_GONE:
      return { what: 'interface-gone', index };
    case NETLINK_KIND.ADDRESS:
    case NETLINK_KIND.ADDRESS_GONE: {
      const family = row[NETLINK.FAMILY] === 4 ? 4 : 6;
      const words = [...row.subarray(NETLINK.ADDR, NETLINK.ADDR + 4)];
      const isDuplicate = (row[NETLINK.FLAGS] & DUPLICATE) !== 0;
      return { what: 'address', index, address: { family, words }, isPresent, isDuplicate };
    }
    case NETLINK_KIND.DUMP_END:
      return { what: 'end' };
    default:
      return null;
  }
}

function namesIn(row: Int32Array): string[] {
  const names: string[] = [];
  for (let at = NETLINK.NAMES as number; at < NETLINK.WORDS; at += NETLINK.NAME_WORDS) {
    const words = row.slice(at, at + NETLINK.NAME_WORDS);
    const name = Buffer.from(words.buffer).toString().replace(/\0.*$/s, '');
    if (name === '') break;
    names.push(name);
  }
  return names;
}
