/**
 * Which VLANs the loop guard probes, and when: at most so many probes at once, and in each round every VLAN once that the TAP
 * carries and that a peer's line names or stations of the LAN were heard in. A VLAN without either has no frames to circle.
 */
import { LOCAL_PORT, type MacTable, VLANS } from './mac-table.js';
import type { Vlans } from './vlans.js';

/** Probes that leave at once. */
export const PROBES_AT_ONCE = 16;
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

  constructor(
    private readonly vlans: Vlans,
    private readonly macs: MacTable,
  ) {}

  /** How many intervals this round takes. */
  get intervals(): number {
    return Math.max(1, Math.ceil(this.count / PROBES_AT_ONCE));
  }

  /** The next probes may leave. */
  begin(): void {
    this.left = PROBES_AT_ONCE;
    if (this.at < this.count) return;
    this.at = 0;
    this.count = 0;
    for (let vlan = UNTAGGED; vlan < VLANS; vlan++) if (this.isProbed(vlan)) this.plan[this.count++] = vlan;
  }

  /** The next VLAN to probe now, 0 for no tag; `NO_PROBE`: none. */
  next(): number {
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
