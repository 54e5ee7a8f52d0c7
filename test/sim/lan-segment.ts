/** Joins the TAPs of hosts into one LAN, as a kernel bridge would: what one TAP gets, all others hand in. */
import { VNET_HEADER } from '../../src/native/ops.js';
import type { SimNode } from './node.js';
import type { World } from './world.js';

const DELAY_US = 20;

export class Segment {
  /** Frames that went over the LAN, by what `count` says of them. */
  readonly seen = new Map<string, number>();
  isOpen = true;

  /** `count` names what is to be counted of a frame without its virtio header; undefined: nothing. */
  constructor(
    private readonly world: World,
    private readonly nodes: readonly SimNode[],
    private readonly count: (frame: Uint8Array) => string | undefined,
    /** Whether a frame reaches the port of a host, and one of the host the LAN. */
    private readonly passes: (record: Uint8Array, node: SimNode) => boolean = () => true,
  ) {
    for (const node of nodes) node.tap.listener = (record) => this.carry(record, node);
  }

  /** A station of the LAN, or the TAP of `from`, sends a frame. */
  carry(record: Uint8Array, from?: SimNode): void {
    if (from !== undefined && !(this.isOpen && this.passes(record, from))) return;
    const name = this.count(record.subarray(VNET_HEADER));
    if (name !== undefined) this.seen.set(name, (this.seen.get(name) ?? 0) + 1);
    const copy = record.slice();
    this.world.at(this.world.now + DELAY_US, () => {
      for (const node of this.nodes) {
        if (node !== from && this.passes(copy, node)) node.fromKernel(copy.slice());
      }
    });
  }
}
