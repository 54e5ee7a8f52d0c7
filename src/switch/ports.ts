/** Peers as ports of the switch: what the operator wants of each, as rows of typed arrays. */
import { Columns, int32, uint8 } from '../base/columns.js';
import { NO_GROUP, type PortSettings } from '../contract/port-settings.js';
import { Directs } from './directs.js';
import { LOCAL_PORT } from './mac-table.js';

/** The group that peers are in unless they were put elsewhere. */
const COMMON_GROUP = 0;

export class Ports {
  readonly directs = new Directs();
  /** Split-horizon group of each peer, or `NO_GROUP`. */
  private group = int32(COMMON_GROUP);
  /** 1 for peers to and from which nothing passes but probes of the loop guard. */
  private held = uint8();
  private readonly columns = new Columns(this);
  /** How many peers are outside of the common group. */
  private outside = 0;
  /** How many peers are held. */
  private holds = 0;

  /** Whether frames may pass between peers at all; false while all of them are in the common group. */
  get forwards(): boolean {
    return this.outside > 0;
  }

  set(peer: number, settings: Pick<PortSettings, 'splitHorizon'>): void {
    this.columns.ensure(peer + 1);
    this.outside +=
      Number(settings.splitHorizon !== COMMON_GROUP) - Number(this.group[peer] !== COMMON_GROUP);
    this.group[peer] = settings.splitHorizon;
  }

  /** Holds a peer, or lets it go. */
  hold(peer: number, isHeld: boolean): void {
    this.columns.ensure(peer + 1);
    this.holds += Number(isHeld) - this.held[peer];
    this.held[peer] = Number(isHeld);
  }

  isHeld(peer: number): boolean {
    return this.holds > 0 && this.held[peer] === 1;
  }

  /** Whether a frame that came in by a port may go out by a peer: split horizon by group (RFC 4762 section 4.4). */
  mayPass(from: number, to: number): boolean {
    if (from === LOCAL_PORT) return true;
    if (this.directs.isOn && this.directs.isOneLan(from, to)) return false;
    const group = this.group[from];
    return from !== to && (group === NO_GROUP || group !== this.group[to]);
  }

  peerRemoved(peer: number): void {
    this.directs.peerRemoved(peer);
    if (peer >= this.columns.capacity) return;
    this.outside -= Number(this.group[peer] !== COMMON_GROUP);
    this.holds -= this.held[peer];
    this.columns.reset(peer);
  }
}
