/** Peers as rows of typed arrays. */

import type { Policy } from '../api/config.js';
import { Columns, float64, int32, uint8, uint16 } from '../base/columns.js';
import { mixed, RowIndex } from '../base/row-index.js';
import type { DuplicateSettings } from '../contract/settings.js';
import { IS_AT_REST } from '../contract/uplinks.js';
import { MAX_LINKS } from '../wire/header.js';
import { NO_SESSION } from './sessions.js';

export const POLICY = { passive: 0, active: 1, 'round-robin': 2, adaptive: 3 } as const satisfies Record<
  Policy,
  number
>;

export const NO_LINK = -1;

export class PeerTable {
  present = uint8();
  policy = uint8();
  /** By how many links `active` sends copies; 0: by all. */
  copies = uint8();
  /** Session that frames are sealed under, or -1. */
  session = int32(NO_SESSION);
  /** Link row of each link id, or -1. */
  links = int32(NO_LINK, MAX_LINKS);
  /** Link row that `passive` has chosen, or -1 while none is usable. */
  activeLink = int32(NO_LINK);
  /** Link row that frames are counted for while none is usable: the one active last, or any; -1 without a session. */
  lastLink = int32(NO_LINK);
  /** Bit set of the link ids that its policy may send frames by now. */
  usable = uint8();
  /** Link id that `round-robin` took last. */
  lastTurn = uint8();
  /** Largest plaintext that every link which works takes in one datagram. */
  smallestPlain = int32();
  /** Name by which relays know the peer: the first 48 bits of its public key; 0 while it has none. */
  name = float64();
  /** 1 when some frames are sent twice: those of up to this many bytes, control traffic, code points (64 bits a peer). */
  duplicates = uint8();
  duplicateSmall = uint16();
  duplicateControl = uint8();
  duplicateDscp = int32(0, 2);
  /** Bits of `AT_REST`. */
  rests = uint8();
  /** MTU of its TAP in bytes, as last told to the control thread, and when all changes told are forgotten (µs). */
  tapMtu = uint16();
  tapMtuFreshAt = float64();
  superId = uint16();
  frameId = uint16();
  /** Rows present, in no order: the first `count` of these. */
  rows = int32();
  /** Place of a peer in `rows`. */
  private place = int32();
  private readonly columns = new Columns(this, 'peers', 16);
  private readonly rowsByName = new RowIndex('peers');
  count = 0;

  /** Every row in use is below it. */
  get capacity(): number {
    return this.columns.capacity;
  }

  add(row: number, policy: Policy, copies: number, name: number): void {
    this.columns.ensure(row + 1);
    this.policy[row] = POLICY[policy];
    this.copies[row] = copies;
    this.rowsByName.remove(row);
    this.name[row] = name;
    if (name !== 0) this.rowsByName.add(row, hashOf(name));
    if (this.present[row]) return;
    this.present[row] = 1;
    this.session[row] = NO_SESSION;
    this.activeLink[row] = NO_LINK;
    this.lastLink[row] = NO_LINK;
    this.usable[row] = 0;
    this.rests[row] = 0;
    this.tapMtu[row] = 0;
    this.tapMtuFreshAt[row] = 0;
    this.links.fill(NO_LINK, row * MAX_LINKS, (row + 1) * MAX_LINKS);
    this.place[row] = this.count;
    this.rows[this.count++] = row;
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
    this.rowsByName.remove(row);
    this.name[row] = 0;
    this.session[row] = NO_SESSION;
    this.activeLink[row] = NO_LINK;
    this.usable[row] = 0;
    const last = this.rows[--this.count];
    this.rows[this.place[row]] = last;
    this.place[last] = this.place[row];
  }

  has(row: number): boolean {
    return row >= 0 && row < this.columns.capacity && this.present[row] === 1;
  }

  /** Row of the peer of a name (its high 16 and low 32 bits), or -1. */
  named(high: number, low: number): number {
    const name = high * 2 ** 32 + low;
    let row = this.rowsByName.first(hashOf(name));
    while (row >= 0 && this.name[row] !== name) row = this.rowsByName.after(row);
    return row;
  }

  /** Link row of a link id, or -1. */
  linkOf(row: number, id: number): number {
    return id < MAX_LINKS ? this.links[row * MAX_LINKS + id] : NO_LINK;
  }

  /** Whether a peer's policy may send frames by a link (by id) now. */
  isUsable(row: number, id: number): boolean {
    return (this.usable[row] & (1 << id)) !== 0;
  }

  /** Whether frames go to a peer by a link (by id) now: it is usable, and the peer is not at rest. */
  carriesBy(row: number, id: number): boolean {
    return this.isUsable(row, id) && (this.rests[row] & IS_AT_REST) === 0;
  }

  /** Puts a link row, or `NO_LINK`, in a peer's place for a link id. */
  setLink(row: number, id: number, link: number): void {
    this.links[row * MAX_LINKS + id] = link;
  }

  /** The next of a peer's link rows after `link`, in the order of their ids: the first without `link`; -1 after the last. */
  nextLink(row: number, link: number = NO_LINK): number {
    let isAfter = link === NO_LINK;
    for (let at = row * MAX_LINKS; at < (row + 1) * MAX_LINKS; at++) {
      const next = this.links[at];
      if (isAfter && next >= 0) return next;
      if (next === link) isAfter = true;
    }
    return NO_LINK;
  }
}

function hashOf(name: number): number {
  return mixed(mixed(0, name), name / 2 ** 32);
}
