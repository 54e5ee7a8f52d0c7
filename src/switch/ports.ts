/** Peers as ports of the switch: what the operator wants of each, as rows of typed arrays. */
import { Columns, int32 } from '../base/columns.js';
import { NO_GROUP, type PortSettings } from '../contract/port-settings.js';
import { LOCAL_PORT } from './mac-table.js';

/** The group that peers are in unless they were put elsewhere. */
const COMMON_GROUP = 0;

export class Ports {
  /** Split-horizon group of each peer, or `NO_GROUP`. */
  private group = int32(COMMON_GROUP);
  private readonly columns = new Columns(this);
  /** How many peers are outside of the common group. */
  private outside = 0;

  /** Whether frames may pass between peers at all; false while all of them are in the common group. */
  get forwards(): boolean {
    return this.outside > 0;
  }

  set(peer: number, settings: PortSettings): void {
    this.columns.ensure(peer + 1);
    this.outside +=
      Number(settings.splitHorizon !== COMMON_GROUP) - Number(this.group[peer] !== COMMON_GROUP);
    this.group[peer] = settings.splitHorizon;
  }

  /** Whether a frame that came in by a port may go out by a peer: split horizon by group (RFC 4762 section 4.4). */
  mayPass(from: number, to: number): boolean {
    if (from === LOCAL_PORT) return true;
    const group = this.group[from];
    return from !== to && (group === NO_GROUP || group !== this.group[to]);
  }

  peerRemoved(peer: number): void {
    if (peer >= this.columns.capacity) return;
    this.outside -= Number(this.group[peer] !== COMMON_GROUP);
    this.columns.reset(peer);
  }
}
