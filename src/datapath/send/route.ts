import { NO_LINK } from '../../state/peers.js';
import { NO_SESSION } from '../../state/sessions.js';

/** The way of the frame in hand to one peer. One object, filled again for each, so that nothing is allocated. */
export class Route {
  peer = -1;
  /** Row of the session that it is sealed under. */
  slot = NO_SESSION;
  /** Row of the link that was chosen for it. */
  link = NO_LINK;
  /** Whether it goes by the lane. */
  lane = false;
  /** Whether it is sent a second time by another link. */
  twice = false;
  /** Whether it is sent by every usable link. */
  everywhere = false;
  /** Time of the batch, in µs. */
  now = 0;

  copyFrom(other: Route): void {
    this.peer = other.peer;
    this.slot = other.slot;
    this.link = other.link;
    this.lane = other.lane;
    this.twice = other.twice;
    this.everywhere = other.everywhere;
    this.now = other.now;
  }
}
