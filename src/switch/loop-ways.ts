/** Ways in loops, a peer in a VLAN each: rows of typed arrays, the first `count` of them in use. */

/** Not a row. */
export const NO_WAY = -1;
/** Ways of one peer, so that one cannot take all rows; and of all. */
const MOST_OF_PEER = 256;
const MOST = 512;

export class LoopWays {
  count = 0;
  readonly peer = new Int32Array(MOST);
  /** 0: without a tag. */
  readonly vlan = new Uint16Array(MOST);
  /** One of `LOOP`, and what was told of it last. */
  readonly state = new Uint8Array(MOST);
  readonly told = new Uint8Array(MOST);
  /** Since when the state is, and when a probe of ours came by it last. */
  readonly since = new Float64Array(MOST);
  readonly seenAt = new Float64Array(MOST);
  /** The batch of that probe, and who held what it passed (0: nobody, for one of its copies at least). */
  readonly batch = new Uint32Array(MOST);
  readonly holder = new Float64Array(MOST);

  find(peer: number, vlan: number): number {
    for (let row = 0; row < this.count; row++) {
      if (this.peer[row] === peer && this.vlan[row] === vlan) return row;
    }
    return NO_WAY;
  }

  /** Returns the row of a way that was not there, all zero otherwise; `NO_WAY`: there is no room for it. */
  add(peer: number, vlan: number): number {
    let ofPeer = 0;
    for (let row = 0; row < this.count; row++) if (this.peer[row] === peer) ofPeer++;
    if (this.count === MOST || ofPeer >= MOST_OF_PEER) return NO_WAY;
    const row = this.count++;
    this.peer[row] = peer;
    this.vlan[row] = vlan;
    this.state[row] = 0;
    this.told[row] = 0;
    this.batch[row] = 0;
    return row;
  }

  /** The last row takes the place of this one. */
  remove(row: number): void {
    const last = --this.count;
    this.peer[row] = this.peer[last];
    this.vlan[row] = this.vlan[last];
    this.state[row] = this.state[last];
    this.told[row] = this.told[last];
    this.since[row] = this.since[last];
    this.seenAt[row] = this.seenAt[last];
    this.batch[row] = this.batch[last];
    this.holder[row] = this.holder[last];
  }
}
