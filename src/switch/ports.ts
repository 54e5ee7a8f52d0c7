/** Peers as ports of the switch: what the operator wants of each, as rows of typed arrays. */
import { Columns, int32 } from '../base/columns.js';
import { NO_GROUP, type PortSettings } from '../contract/port-settings.js';
import { Directs } from './directs.js';
import { LOCAL_PORT, VLANS } from './mac-table.js';

/** The group that peers are in unless they were put elsewhere. */
const COMMON_GROUP = 0;

export class Ports {
  readonly directs = new Directs();
  /** Split-horizon group of each peer, or `NO_GROUP`. */
  private group = int32(COMMON_GROUP);
  /** VLANs in which nothing passes to and from a peer but probes of the loop guard: how many, and which, as bit sets. */
  private heldCount = int32();
  private readonly columns = new Columns(this, 'peers');
  /** How many peers there are in each group, the common one aside. */
  private readonly members = new Map<number, number>();
  /** How many peers are outside of the common group. */
  private outside = 0;
  private readonly heldVlans: Int32Array[] = [];
  /** How many VLANs of peers are held. */
  private holds = 0;

  /** Whether frames may pass between peers at all; false while all of them are in the common group. */
  get forwards(): boolean {
    return this.outside > 0;
  }

  set(peer: number, settings: Pick<PortSettings, 'splitHorizon'>): void {
    this.columns.ensure(peer + 1);
    this.count(peer, -1);
    this.group[peer] = settings.splitHorizon;
    this.count(peer, 1);
  }

  private count(peer: number, more: 1 | -1): void {
    const group = this.group[peer];
    if (group === COMMON_GROUP) return;
    this.outside += more;
    const left = (this.members.get(group) ?? 0) + more;
    if (left > 0) this.members.set(group, left);
    else this.members.delete(group);
  }

  /** Whether what comes in by a port and is flooded reaches all others; peers of the common group have each other as peers. */
  reachesAll(port: number): boolean {
    if (port === LOCAL_PORT || port >= this.columns.capacity) return true;
    const group = this.group[port];
    return group === COMMON_GROUP || group === NO_GROUP || this.members.get(group) === 1;
  }

  /** Holds a peer in a VLAN (0: without a tag), or lets it go. */
  hold(peer: number, vlan: number, isHeld: boolean): void {
    if (isHeld === this.isHeld(peer, vlan)) return;
    this.columns.ensure(peer + 1);
    this.heldVlans[peer] ??= new Int32Array(VLANS / 32);
    this.heldVlans[peer][vlan >> 5] ^= 1 << (vlan & 31);
    const more = isHeld ? 1 : -1;
    this.heldCount[peer] += more;
    this.holds += more;
  }

  /** Whether any peer is held in any VLAN. */
  get holdsAny(): boolean {
    return this.holds > 0;
  }

  isHeld(peer: number, vlan: number): boolean {
    if (this.holds === 0 || peer >= this.columns.capacity || this.heldCount[peer] === 0) return false;
    return ((this.heldVlans[peer][vlan >> 5] >>> (vlan & 31)) & 1) === 1;
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
    this.count(peer, -1);
    this.holds -= this.heldCount[peer];
    delete this.heldVlans[peer];
    this.columns.reset(peer);
  }
}
