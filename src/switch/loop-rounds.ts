/**
 * Which VLANs the loop guard probes, and when: at most so many probes at once, and in each round every VLAN once that the TAP
 * carries and that a peer's line names or stations of the LAN were heard in. A VLAN without either has no frames to circle.
 * Of many VLANs those go first in which much is flooded, or a station is heard at another port than before: a loop makes
 * itself felt.
 */
import { LOCAL_PORT, type MacTable, VLANS } from './mac-table.js';
import type { Vlans } from './vlans.js';

/** Probes that leave at once. */
export const PROBES_AT_ONCE = 16;
/** VLANs that go first at most, and from how many flooded frames since the last probes on one does. */
export const BUSY_AT_ONCE = 8;
const BUSY_FRAMES = 64;
/** There is no further VLAN to probe now. */
export const NO_PROBE = -1;
const UNTAGGED = 0;

export class ProbeRounds {
  /** The VLANs of this round, and which is next. */
  private readonly plan = new Uint16Array(VLANS);
  private count = 0;
  private at = 0;
  /** Probes that may still leave now. */
  private left = 0;
  /** Frames flooded in each VLAN since probes left last. */
  private readonly floods = new Uint32Array(VLANS);
  /** VLANs that go first now, and how many of them have gone; where the search for them goes on next time. */
  private readonly busy = new Uint16Array(BUSY_AT_ONCE);
  private busyCount = 0;
  private busyDone = 0;
  private busyFrom = 0;

  constructor(
    private readonly vlans: Vlans,
    private readonly macs: MacTable,
  ) {}

  /** How many intervals this round takes. */
  get intervals(): number {
    return Math.max(1, Math.ceil(this.count / PROBES_AT_ONCE));
  }

  /** A frame is flooded in a VLAN. */
  flooded(vlan: number): void {
    this.floods[vlan]++;
  }

  /** A station of a VLAN is heard at another port than before: it has moved, or there is a loop. */
  suspect(vlan: number): void {
    this.floods[vlan] = BUSY_FRAMES;
  }

  /** The next probes may leave. */
  begin(): void {
    this.left = PROBES_AT_ONCE;
    this.findBusy();
    if (this.at < this.count) return;
    this.at = 0;
    this.count = 0;
    for (let vlan = UNTAGGED; vlan < VLANS; vlan++) if (this.isProbed(vlan)) this.plan[this.count++] = vlan;
  }

  /** In turn, so that storms in many VLANs leave none of them out; the other places are those of the round. */
  private findBusy(): void {
    this.busyCount = 0;
    this.busyDone = 0;
    const from = this.busyFrom;
    for (let step = 0; step < VLANS && this.busyCount < BUSY_AT_ONCE; step++) {
      const vlan = (from + step) % VLANS;
      if (this.floods[vlan] < BUSY_FRAMES || !this.isProbed(vlan)) continue;
      this.busy[this.busyCount++] = vlan;
      this.busyFrom = vlan + 1;
    }
    this.floods.fill(0);
  }

  /** The next VLAN to probe now, 0 for no tag; `NO_PROBE`: none. */
  next(): number {
    if (this.busyDone < this.busyCount) {
      this.left--;
      return this.busy[this.busyDone++];
    }
    while (this.left > 0 && this.at < this.count) {
      const vlan = this.plan[this.at++];
      if (!this.isProbed(vlan)) continue;
      this.left--;
      return vlan;
    }
    return NO_PROBE;
  }

  private isProbed(vlan: number): boolean {
    const { vlans, macs } = this;
    if (!vlans.carriesVlan(LOCAL_PORT, vlan)) return false;
    if (vlan === UNTAGGED || vlans.isNative(LOCAL_PORT, vlan)) return true;
    return vlans.isNamed(vlan) || macs.learnedHere(vlan) > 0;
  }
}
