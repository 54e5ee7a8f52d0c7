/** Frames that the switch itself sends to all ports: queries for multicast memberships. */
import type { Arena } from '../../state/arena.js';
import { Frame } from '../../switch/frame.js';
import { LOCAL_PORT } from '../../switch/mac-table.js';
import type { Vlans } from '../../switch/vlans.js';
import type { Delivery } from './delivery.js';
import type { Outbound } from './outbound.js';

export class OwnFlood {
  private readonly frame = new Frame();

  constructor(
    private readonly arena: Arena,
    private readonly outbound: Outbound,
    private readonly delivery: Delivery,
    private readonly vlans: Vlans,
  ) {}

  /** Sends the first `length` bytes of `bytes`, a frame that may not be longer than the smallest path takes. */
  flood(bytes: Uint8Array, length: number, now: number): void {
    const { arena, frame, outbound, delivery, vlans } = this;
    const start = arena.ownFrame;
    arena.bytes.set(bytes.subarray(0, length), start);
    frame.place(start, length).describe(0, 0, 0);
    outbound.floodFrom(LOCAL_PORT, frame, now);
    outbound.finish();
    if (vlans.isOn && !vlans.carries(LOCAL_PORT, frame)) return;
    delivery.frame(frame);
    // Written before the next one takes its place.
    delivery.flush();
  }
}
