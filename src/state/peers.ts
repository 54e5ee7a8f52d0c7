/** Peers as rows of typed arrays. */

import type { Policy } from '../api/config.js';
import { enlarged } from '../base/arrays.js';
import type { DuplicateSettings } from '../contract/settings.js';
import { MAX_LINKS } from '../wire/header.js';
import { NO_SESSION } from './sessions.js';

export const POLICY = { passive: 0, active: 1, 'round-robin': 2, adaptive: 3 } as const satisfies Record<
  Policy,
  number
>;

export const NO_LINK = -1;

export class PeerTable {
  capacity = 0;
  present = new Uint8Array(0);
  policy = new Uint8Array(0);
  /** By how many links `active` sends copies; 0: by all. */
  copies = new Uint8Array(0);
  /** Session that frames are sealed under, or -1. */
  session = new Int32Array(0);
  /** Link row of each link id, or -1. */
  links = new Int32Array(0);
  /** Link row that `passive` has chosen, or -1 while none is usable. */
  activeLink = new Int32Array(0);
  /** Link row that frames are counted for while none is usable: the one active last, or any; -1 without a session. */
  lastLink = new Int32Array(0);
  /** Bit set of the link ids that its policy may send frames by now. */
  usable = new Uint8Array(0);
  /** Link id that `round-robin` took last. */
  lastTurn = new Uint8Array(0);
  /** Largest plaintext that every link which works takes in one datagram. */
  smallestPlain = new Int32Array(0);
  /** Name by which relays know the peer: the first 48 bits of its public key; 0 while it has none. */
  name = new Float64Array(0);
  /** 1 when some frames are sent twice: up to so many bytes, control traffic, code points (64 bits a peer). */
  duplicates = new Uint8Array(0);
  duplicateSmall = new Uint16Array(0);
  duplicateControl = new Uint8Array(0);
  duplicateDscp = new Int32Array(0);
  superId = new Uint16Array(0);
  frameId = new Uint16Array(0);
  private readonly rowsByName = new Map<number, number>();
  /** Rows present, for flooding. */
  rows: number[] = [];

  ensure(rows: number): void {
    if (rows <= this.capacity) return;
    const capacity = Math.max(16, 2 ** Math.ceil(Math.log2(rows)));
    this.present = enlarged(this.present, capacity);
    this.policy = enlarged(this.policy, capacity);
    this.copies = enlarged(this.copies, capacity);
    this.session = enlarged(this.session, capacity, NO_SESSION);
    this.links = enlarged(this.links, capacity * MAX_LINKS, NO_LINK);
    this.activeLink = enlarged(this.activeLink, capacity, NO_LINK);
    this.lastLink = enlarged(this.lastLink, capacity, NO_LINK);
    this.usable = enlarged(this.usable, capacity);
    this.lastTurn = enlarged(this.lastTurn, capacity);
    this.smallestPlain = enlarged(this.smallestPlain, capacity);
    this.name = enlarged(this.name, capacity);
    this.duplicates = enlarged(this.duplicates, capacity);
    this.duplicateSmall = enlarged(this.duplicateSmall, capacity);
    this.duplicateControl = enlarged(this.duplicateControl, capacity);
    this.duplicateDscp = enlarged(this.duplicateDscp, capacity * 2);
    this.superId = enlarged(this.superId, capacity);
    this.frameId = enlarged(this.frameId, capacity);
    this.capacity = capacity;
  }

  add(row: number, policy: Policy, copies: number, name: number): void {
    this.ensure(row + 1);
    this.policy[row] = POLICY[policy];
    this.copies[row] = copies;
    this.rowsByName.delete(this.name[row]);
    this.name[row] = name;
    if (name !== 0) this.rowsByName.set(name, row);
    if (this.present[row]) return;
    this.present[row] = 1;
    this.session[row] = NO_SESSION;
    this.activeLink[row] = NO_LINK;
    this.lastLink[row] = NO_LINK;
    this.usable[row] = 0;
    this.links.fill(NO_LINK, row * MAX_LINKS, (row + 1) * MAX_LINKS);
    this.rows.push(row);
  }

  /** Chooses the frames that are sent to a peer twice. */
  setDuplicates(row: number, settings: DuplicateSettings): void {
    const { smallBytes, control, dscp } = settings;
    this.duplicates[row] = smallBytes > 0 || control || dscp.length > 0 ? 1 : 0;
    this.duplicateSmall[row] = smallBytes;
    this.duplicateControl[row] = control ? 1 : 0;
    this.duplicateDscp.fill(0, row * 2, row * 2 + 2);
    for (const code of dscp) this.duplicateDscp[row * 2 + (code >> 5)] |= 1 << (code & 31);
  }

  remove(row: number): void {
    if (!this.has(row)) return;
    this.present[row] = 0;
    this.rowsByName.delete(this.name[row]);
    this.name[row] = 0;
    this.session[row] = NO_SESSION;
    this.activeLink[row] = NO_LINK;
    this.usable[row] = 0;
    this.rows.splice(this.rows.indexOf(row), 1);
  }

  has(row: number): boolean {
    return row >= 0 && row < this.capacity && this.present[row] === 1;
  }

  /** Row of the peer of a name (its high 16 and low 32 bits), or -1. */
  named(high: number, low: number): number {
    return this.rowsByName.get(high * 2 ** 32 + low) ?? -1;
  }

  /** Link row of a link id, or -1. */
  linkOf(row: number, id: number): number {
    return id < MAX_LINKS ? this.links[row * MAX_LINKS + id] : NO_LINK;
  }
}
