/**
 * Groups that somebody has left while this switch is the querier: it asks twice, a second apart, whether others still want
 * them (RFC 3376 section 8.8 and 8.9). Bounded, so that a peer which leaves without end makes nobody else talk; what finds
 * no room is not asked about and its membership ends by its age.
 */
import { IpAddress } from './address.js';

const MOST = 64;
const MOST_OF_PORT = 8;
const QUESTIONS = 2;
export const LAST_MEMBER_INTERVAL_US = 1e6;
/** How long after a leave a membership ends that nobody renews. */
export const LAST_MEMBER_TIME_US = QUESTIONS * LAST_MEMBER_INTERVAL_US;

export class LastMember {
  private readonly vlan = new Int32Array(MOST);
  private readonly port = new Int32Array(MOST);
  private readonly left = new Int32Array(MOST);
  private readonly dueAt = new Float64Array(MOST);
  private readonly groups = Array.from({ length: MOST }, () => new IpAddress());

  /** A port has left a group. Returns whether it will be asked about, or is already. */
  add(vlan: number, group: IpAddress, port: number, now: number): boolean {
    let free = -1;
    let ofPort = 0;
    for (let row = 0; row < MOST; row++) {
      if (this.left[row] === 0) {
        free = row;
        continue;
      }
      if (this.vlan[row] === vlan && this.groups[row].compare(group) === 0) return true;
      if (this.port[row] === port) ofPort++;
    }
    if (free < 0 || ofPort >= MOST_OF_PORT) return false;
    this.vlan[free] = vlan;
    this.port[free] = port;
    this.groups[free].copy(group);
    this.left[free] = QUESTIONS;
    this.dueAt[free] = now;
    return true;
  }

  /** The next question that is due, as its row, or -1; it counts as asked. */
  due(now: number): number {
    for (let row = 0; row < MOST; row++) {
      if (this.left[row] === 0 || now < this.dueAt[row]) continue;
      this.left[row]--;
      this.dueAt[row] = now + LAST_MEMBER_INTERVAL_US;
      return row;
    }
    return -1;
  }

  vlanOf(row: number): number {
    return this.vlan[row];
  }

  groupOf(row: number): IpAddress {
    return this.groups[row];
  }

  clear(): void {
    this.left.fill(0);
  }
}
