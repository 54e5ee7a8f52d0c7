/** Heartbeats, as we send them and as the peer's are taken. */
import { readU64, writeU64 } from '../../base/bytes.js';
import { DROP } from '../../contract/drops.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import { AT_REST } from '../../contract/uplinks.js';
import type { Datagram } from '../../state/datagram.js';
import { NO_LINK, POLICY } from '../../state/peers.js';
import { KIND } from '../../wire/header.js';
import { HEARS_YOU, HEARTBEAT, NO_ECHO, SENDS_AGAIN, STANDBY, WANTS_REPORTS } from '../../wire/heartbeat.js';
import type { Drains } from '../choice/drain.js';
import type { Lanes } from '../lane/lanes.js';
import type { LinkBase } from '../ports.js';
import type { CapacityProbe } from './capacity-probe.js';
import { echoedBeat, observeBeat } from './estimate.js';
import { noteOtherId } from './hindrances.js';
import type { LinkLife } from './life.js';
import type { Liveness } from './liveness.js';
import type { MtuControl } from './mtu-control.js';
import type { Pace } from './pace.js';
import type { Reports } from './reports.js';
import type { Roaming } from './roaming.js';
import type { RunTrial } from './run-trial.js';
import { hearTapMtu } from './tap-mtu.js';
import type { Uplinks } from './uplinks.js';

const U32 = 0x1_0000_0000;
const U16 = 0xffff;

export class Heartbeats {
  /** MTU of the TAP, in bytes. */
  tapMtu = 0;

  constructor(
    private readonly base: LinkBase,
    private readonly liveness: Liveness,
    private readonly drains: Drains,
    private readonly lanes: Lanes,
    private readonly reports: Reports,
    private readonly pace: Pace,
  ) {}

  /** Sends a heartbeat by a link, and a report if one is due. */
  beat(link: number, now: number): void {
    const { peers, links, sessions } = this.base.tables;
    const peer = links.peer[link];
    const slot = peers.session[peer];
    if (slot < 0) return;
    const body = this.base.ports.messages.open(KIND.HEARTBEAT, HEARTBEAT.BYTES);
    const { bytes, view } = this.base.arena;
    const id = links.id[link];
    bytes[body + HEARTBEAT.LINK] = id;
    const adaptive = peers.policy[peer] === POLICY.adaptive;
    if (adaptive) bytes[body + HEARTBEAT.LANE_LINKS] = this.lanes.carriers(peer, now);
    bytes[body + HEARTBEAT.FLAGS] =
      this.pace.flagsOf(link) |
      (this.liveness.isHeard(link, now) ? HEARS_YOU : 0) |
      (adaptive ? WANTS_REPORTS : 0) |
      (adaptive && this.lanes.sendsAgain(peer, now) ? SENDS_AGAIN : 0) |
      this.drains.flagsOf(link, peers.carriesBy(peer, id)) |
      ((peers.rests[peer] & AT_REST.TOLD) === 0 ? 0 : STANDBY);
    view.setUint16(body + HEARTBEAT.INTERVAL_MS, Math.min(U16, links.intervalUs[link] / 1000));
    view.setUint16(body + HEARTBEAT.HOLD_MS, Math.min(U16, links.holdUs[link] / 1000));
    view.setUint32(body + HEARTBEAT.SENT_AT, now % U32);
    const echoed = links.echoAt[link] > 0 && now - links.echoAt[link] < NO_ECHO;
    view.setUint32(body + HEARTBEAT.ECHO, links.echo[link]);
    view.setUint32(body + HEARTBEAT.ECHO_DELAY, echoed ? now - links.echoAt[link] : NO_ECHO);
    view.setUint32(body + HEARTBEAT.SENT, links.sent[link] % U32);
    view.setUint32(body + HEARTBEAT.ARRIVED, links.loss.arrived[link] % U32);
    writeU64(view, body + HEARTBEAT.ACKNOWLEDGED, sessions.highest(slot, id) + 1);
    view.setUint32(body + HEARTBEAT.ECHO_SENT, links.loss.peerSent[link]);
    view.setUint32(body + HEARTBEAT.COPIES, links.copiesSent[link] % U32);
    writeU64(view, body + HEARTBEAT.DELIVERED, links.loss.delivered[link]);
    view.setUint16(body + HEARTBEAT.LARGEST, links.takeLargestReceived(link));
    view.setUint16(body + HEARTBEAT.TAP_MTU, this.tapMtu);
    this.base.ports.messages.send(slot, link, now);
    if (links.unreported[link] > 0) this.reports.report(link, now);
  }
}

/** Whom heartbeats concern. */
interface BeatListeners {
  readonly life: LinkLife;
  readonly roaming: Roaming;
  readonly mtu: MtuControl;
  readonly uplinks: Uplinks;
  readonly pace: Pace;
  readonly runs: RunTrial;
  readonly trains: CapacityProbe;
}

/** What the peer's heartbeats say, handed to whom it concerns. */
export class HeartbeatReader {
  private readonly life: LinkLife;
  private readonly roaming: Roaming;
  private readonly mtu: MtuControl;
  private readonly uplinks: Uplinks;
  private readonly pace: Pace;
  private readonly runs: RunTrial;
  private readonly trains: CapacityProbe;

  constructor(
    private readonly base: LinkBase,
    private readonly liveness: Liveness,
    listeners: BeatListeners,
  ) {
    this.life = listeners.life;
    this.roaming = listeners.roaming;
    this.mtu = listeners.mtu;
    this.uplinks = listeners.uplinks;
    this.pace = listeners.pace;
    this.runs = listeners.runs;
    this.trains = listeners.trains;
  }

  heard(datagram: Datagram): void {
    const { link, now, body } = datagram;
    const id = this.base.arena.bytes[body + HEARTBEAT.LINK];
    const claimed = this.base.tables.peers.linkOf(datagram.peer, id);
    // A link may have moved to a new address, but never onto the path of another link.
    if (claimed < 0 || (claimed !== link && link !== NO_LINK)) {
      if (link !== NO_LINK) noteOtherId(this.base.stats, link, id, now);
      this.base.drops.message(DROP['link-mismatch'], datagram);
      return;
    }
    if (claimed !== link) return this.roaming.consider(claimed, datagram);
    this.measure(datagram);
    hearTapMtu(this.base, datagram);
    this.runs.heard(link, now);
    this.trains.beatHeard(link, now);
    const { bytes, view } = this.base.arena;
    const flags = bytes[body + HEARTBEAT.FLAGS];
    const arrivedAt = echoedBeat(view, body, now);
    const largest = view.getUint16(body + HEARTBEAT.LARGEST);
    this.life.beatHeard(link, flags, arrivedAt, now);
    this.uplinks.heard(datagram.peer, flags, view.getUint32(body + HEARTBEAT.SENT_AT), arrivedAt, now);
    if ((flags & HEARS_YOU) !== 0 && arrivedAt > 0) this.mtu.heardBack(link, arrivedAt, largest, now);
  }

  private measure(datagram: Datagram): void {
    const { slot, link, body, now } = datagram;
    const { links } = this.base.tables;
    const { bytes, view } = this.base.arena;
    const peerInterval = links.peerIntervalUs[link];
    const hold = links.holdUs[link];
    observeBeat(links, this.base.stats, view, datagram, this.liveness.isCatchingUp);
    const flags = bytes[body + HEARTBEAT.FLAGS];
    links.beatFlags[link] = flags;
    const peerHold = view.getUint16(body + HEARTBEAT.HOLD_MS) * 1000;
    this.pace.heard(link, flags, links.peerIntervalUs[link], peerHold);
    if (links.peerIntervalUs[link] !== peerInterval || links.holdUs[link] !== hold)
      this.life.rearm(link, now);
    links.acknowledge(link, slot, readU64(view, body + HEARTBEAT.ACKNOWLEDGED) - 1);
    links.wantsReports[link] = (flags & WANTS_REPORTS) === 0 ? 0 : 1;
    this.base.ports.laneOrder.announced(
      datagram,
      bytes[body + HEARTBEAT.LANE_LINKS],
      (flags & SENDS_AGAIN) !== 0,
    );
    this.base.stats.links[link * LINK_WIDTH + LINK.heardUs] = now;
  }
}
