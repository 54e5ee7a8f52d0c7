/**
 * The rate of a bandwidth test beside frames of users: while there are any by its link, the test takes what they leave. It is
 * told four times a second how its link does, sends at most half as fast as long as that is congested, and comes back by and by.
 */

/** Looks that are remembered: a second. */
const LOOKS = 4;
/** Frames a second, both ways, from which on somebody uses the link: below it is what an idle LAN chatters. */
const USERS_FRAMES = 10;
/** Share of the test's own data lost, and time that datagrams wait on their way, from which on the link is congested. */
const CONGESTED_LOSS = 0.01;
const CONGESTED_QUEUE_US = 10_000;
/** Less is never sent, in kbit/s: something has to be measured. */
const LEAST_KBPS = 128;
/** From nothing to all of it in four seconds. */
const STEPS = 16;

/** How the link does, since the last look. */
export interface LinkLook {
  /** Frames of users by it, both ways. */
  frames: number;
  /** Datagrams of the test that should have arrived, and that have. */
  due: number;
  arrived: number;
  /** What its round trip takes longer than its shortest one. */
  queueUs: number;
}

export class YieldingRate {
  /** What may be sent now. */
  kbps: number;
  /** Less than wanted was sent at some time. */
  hasYielded = false;
  private readonly frames: number[] = [];

  constructor(private readonly wantedKbps: number) {
    this.kbps = wantedKbps;
  }

  look({ frames, due, arrived, queueUs }: LinkLook): void {
    this.frames.push(frames);
    if (this.frames.length > LOOKS) this.frames.shift();
    const hasUsers = this.frames.reduce((sum, count) => sum + count, 0) >= USERS_FRAMES;
    // A rate far beyond what the link carries is left at once.
    const share = Math.min(1, due > 0 ? arrived / due : 1) / 2;
    const isCongested = queueUs > CONGESTED_QUEUE_US || due - arrived > due * CONGESTED_LOSS;
    if (!hasUsers) this.kbps = this.wantedKbps;
    else if (isCongested) this.kbps = Math.max(Math.min(LEAST_KBPS, this.wantedKbps), this.kbps * share);
    else this.kbps = Math.min(this.wantedKbps, this.kbps + this.wantedKbps / STEPS);
    if (this.kbps < this.wantedKbps) this.hasYielded = true;
  }
}
