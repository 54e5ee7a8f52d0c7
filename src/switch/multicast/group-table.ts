/**
 * Which ports want which multicast groups, per VLAN.
 *
 * A membership is one group at one port. They lie in typed arrays that grow on demand; chained hashes find groups and
 * memberships, each group holds the list of its memberships, each port the list of its own. A port may hold so many, all of them so many: what does
 * not fit is refused, and the port that asked then gets everything (see `snooping.ts`), so that a port that asks for too
 * much hurts nobody else and nobody loses a group.
 *
 * A port is a peer row (0 and up) or `LOCAL_PORT`. Times are µs of any steady clock.
 */
import { Columns, float64, int32 } from '../../base/columns.js';
import { KeyedHash } from '../keyed-hash.js';
import type { IpAddress } from './address.js';

/** The most memberships of one port, and of all ports together. */
export const MOST_OF_PORT = 1024;
export const MOST_MEMBERSHIPS = 65_536;
const BUCKETS = 16_384;
const NONE = -1;

/** Rows of groups. A free row has VLAN `NONE` and is chained by `chain`. */
class Groups {
  vlan = int32(NONE);
  address = int32(0, 4);
  /** First of its memberships. */
  members = int32(NONE);
  chain = int32(NONE);
  readonly columns = new Columns(this, 'others', 256);
}

/** Rows of memberships. A free row has group `NONE` and is chained by `next`. */
class Memberships {
  group = int32(NONE);
  port = int32();
  expires = float64();
  /** The next with the same hash of group and port. */
  chain = int32(NONE);
  /** Its neighbours among those of its group, and among those of its port. */
  next = int32(NONE);
  before = int32(NONE);
  portNext = int32(NONE);
  portBefore = int32(NONE);
  readonly columns = new Columns(this, 'others', 256);
}

/** Columns of a port, whose row is the port + 1. */
class PortLists {
  first = int32(NONE);
  count = int32();
  readonly columns = new Columns(this, 'peers');
}

/** Takes a membership of `GroupTable.entries`. `words` is the group's address and good during the call only. */
type MembershipVisitor = (vlan: number, words: Int32Array, port: number, leftUs: number) => void;

export class GroupTable {
  private readonly hash: KeyedHash;
  private readonly groups = new Groups();
  private readonly members = new Memberships();
  private readonly ports = new PortLists();
  private readonly bucket = new Int32Array(BUCKETS).fill(NONE);
  private readonly memberBucket = new Int32Array(BUCKETS).fill(NONE);
  private freeGroup = NONE;
  private groupRows = 0;
  private freeMember = NONE;
  private memberRows = 0;
  private used = 0;
  private sweepRow = 0;

  /** `seed`: two random 32-bit words that make bucket collisions unpredictable. */
  constructor(seed: readonly [number, number]) {
    this.hash = new KeyedHash(seed[0], seed[1]);
  }

  /** Memberships held, expired ones that no sweep has met included. */
  get size(): number {
    return this.used;
  }

  /** Memberships of a port. */
  countOf(port: number): number {
    return port + 1 < this.ports.columns.capacity ? this.ports.count[port + 1] : 0;
  }

  /** Row of a group, or -1. */
  find(vlan: number, address: IpAddress): number {
    const { groups } = this;
    const { words } = address;
    let row = this.bucket[this.bucketOf(vlan, words)];
    while (row !== NONE && !(groups.vlan[row] === vlan && this.isAt(row, words))) row = groups.chain[row];
    return row;
  }

  /** First membership of a group; go on with `next`. */
  first(group: number): number {
    return this.groups.members[group];
  }

  /** The next membership of the same group, or -1. */
  next(membership: number): number {
    return this.members.next[membership];
  }

  portOf(membership: number): number {
    return this.members.port[membership];
  }

  isAlive(membership: number, now: number): boolean {
    return now < this.members.expires[membership];
  }

  /** Membership of a port in a group, or -1. */
  membershipOf(group: number, port: number): number {
    const { members } = this;
    let row = this.memberBucket[this.memberBucketOf(group, port)];
    while (row !== NONE && !(members.group[row] === group && members.port[row] === port)) {
      row = members.chain[row];
    }
    return row;
  }

  /** Notes that a port wants a group until `expires`. Returns false when there is no room. */
  join(vlan: number, address: IpAddress, port: number, expires: number): boolean {
    let group = this.find(vlan, address);
    const known = group === NONE ? NONE : this.membershipOf(group, port);
    if (known !== NONE) {
      this.members.expires[known] = expires;
      return true;
    }
    if (this.used >= MOST_MEMBERSHIPS || this.countOf(port) >= MOST_OF_PORT) return false;
    if (group === NONE) group = this.addGroup(vlan, address.words);
    this.addMembership(group, port, expires);
    return true;
  }

  /** A membership ends at `time` unless it is renewed; it ends earlier if that was so before. */
  endBy(membership: number, time: number): void {
    this.members.expires[membership] = Math.min(this.members.expires[membership], time);
  }

  /** Removes a membership, and its group with the last one. */
  remove(membership: number): void {
    const { groups, members, ports } = this;
    const group = members.group[membership];
    const row = members.port[membership] + 1;
    this.unchain(membership, this.memberBucketOf(group, members.port[membership]));
    const next = members.next[membership];
    const before = members.before[membership];
    if (before === NONE) groups.members[group] = next;
    else members.next[before] = next;
    if (next !== NONE) members.before[next] = before;
    const portNext = members.portNext[membership];
    const portBefore = members.portBefore[membership];
    if (portBefore === NONE) ports.first[row] = portNext;
    else members.portNext[portBefore] = portNext;
    if (portNext !== NONE) members.portBefore[portNext] = portBefore;
    ports.count[row]--;
    this.used--;
    members.group[membership] = NONE;
    members.next[membership] = this.freeMember;
    this.freeMember = membership;
    if (groups.members[group] === NONE) this.removeGroup(group);
  }

  /** Forgets what a port wants. */
  flushPort(port: number): void {
    if (port + 1 >= this.ports.columns.capacity) return;
    while (this.ports.first[port + 1] !== NONE) this.remove(this.ports.first[port + 1]);
  }

  /** Forgets everything. */
  clear(): void {
    for (let row = 0; row < this.memberRows; row++) if (this.members.group[row] !== NONE) this.remove(row);
  }

  /** Looks at the next `budget` rows and removes what has expired. */
  sweep(now: number, budget: number): void {
    for (let looked = Math.min(budget, this.memberRows); looked > 0; looked--) {
      const row = this.sweepRow;
      this.sweepRow = row + 1 >= this.memberRows ? 0 : row + 1;
      if (this.members.group[row] !== NONE && now >= this.members.expires[row]) this.remove(row);
    }
  }

  /**
   * Looks at `rows` rows from `from` and visits the memberships there that have not expired, for `show`. Returns the row to
   * go on at, or -1 at the end.
   */
  entries(now: number, from: number, rows: number, visit: MembershipVisitor): number {
    const end = Math.min(from + rows, this.memberRows);
    for (let row = from; row < end; row++) {
      const group = this.members.group[row];
      if (group === NONE || now >= this.members.expires[row]) continue;
      const words = this.groups.address.subarray(4 * group, 4 * group + 4);
      visit(this.groups.vlan[group], words, this.members.port[row], this.members.expires[row] - now);
    }
    return end < this.memberRows ? end : -1;
  }

  private bucketOf(vlan: number, words: Int32Array): number {
    const upper = this.hash.hash(words[0], words[1]);
    const lower = this.hash.hash(words[2], words[3]);
    return this.hash.hash(upper ^ vlan, lower) & (BUCKETS - 1);
  }

  private memberBucketOf(group: number, port: number): number {
    return this.hash.hash(group, port) & (BUCKETS - 1);
  }

  private unchain(membership: number, bucket: number): void {
    const { memberBucket, members } = this;
    if (memberBucket[bucket] === membership) {
      memberBucket[bucket] = members.chain[membership];
      return;
    }
    let before = memberBucket[bucket];
    while (members.chain[before] !== membership) before = members.chain[before];
    members.chain[before] = members.chain[membership];
  }

  private isAt(group: number, words: Int32Array): boolean {
    const { address } = this.groups;
    const at = 4 * group;
    return (
      address[at + 3] === words[3] &&
      address[at + 2] === words[2] &&
      address[at + 1] === words[1] &&
      address[at] === words[0]
    );
  }

  private addGroup(vlan: number, words: Int32Array): number {
    const { groups } = this;
    let row = this.freeGroup;
    if (row !== NONE) this.freeGroup = groups.chain[row];
    else {
      row = this.groupRows++;
      groups.columns.ensure(this.groupRows);
    }
    const bucket = this.bucketOf(vlan, words);
    groups.vlan[row] = vlan;
    for (let word = 0; word < 4; word++) groups.address[4 * row + word] = words[word];
    groups.members[row] = NONE;
    groups.chain[row] = this.bucket[bucket];
    this.bucket[bucket] = row;
    return row;
  }

  private removeGroup(row: number): void {
    const { groups, bucket } = this;
    const at = this.bucketOf(groups.vlan[row], groups.address.subarray(4 * row, 4 * row + 4));
    if (bucket[at] === row) bucket[at] = groups.chain[row];
    else {
      let before = bucket[at];
      while (groups.chain[before] !== row) before = groups.chain[before];
      groups.chain[before] = groups.chain[row];
    }
    groups.vlan[row] = NONE;
    groups.chain[row] = this.freeGroup;
    this.freeGroup = row;
  }

  private addMembership(group: number, port: number, expires: number): void {
    const { groups, members, ports } = this;
    let row = this.freeMember;
    if (row !== NONE) this.freeMember = members.next[row];
    else {
      row = this.memberRows++;
      members.columns.ensure(this.memberRows);
    }
    ports.columns.ensure(port + 2);
    const first = ports.first[port + 1];
    members.group[row] = group;
    members.port[row] = port;
    members.expires[row] = expires;
    const bucket = this.memberBucketOf(group, port);
    members.chain[row] = this.memberBucket[bucket];
    this.memberBucket[bucket] = row;
    const next = groups.members[group];
    members.next[row] = next;
    members.before[row] = NONE;
    if (next !== NONE) members.before[next] = row;
    members.portBefore[row] = NONE;
    members.portNext[row] = first;
    if (first !== NONE) members.portBefore[first] = row;
    groups.members[group] = row;
    ports.first[port + 1] = row;
    ports.count[port + 1]++;
    this.used++;
  }
}
