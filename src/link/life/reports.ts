/** Reports of what arrives by a link, for peers that send by the policy `adaptive`: ours and the peer's. */
import { readU64, writeU64 } from '../../base/bytes.js';
import { DROP } from '../../contract/drops.js';
import type { Datagram } from '../../state/datagram.js';
import { POLICY } from '../../state/peers.js';
import { KIND } from '../../wire/header.js';
import { REPORT } from '../../wire/report.js';
import type { Adaptive } from '../lane/adaptive.js';
import { Report } from '../lane/report.js';
import type { LinkBase } from '../ports.js';

const U32 = 0x1_0000_0000;
/** Reports of a link are at least this far apart, and come after this many frames, or later after few. */
const REPORT_US = 10_000;
const REPORT_FRAMES = 64;
const LATE_REPORT_US = 25_000;
const FEW_FRAMES = 8;

export class Reports {
  constructor(private readonly base: LinkBase) {}

  /** A frame came by a link whose sender wants reports: one is due under traffic more often than heartbeats are. */
  frameCame(link: number, now: number): void {
    const { links } = this.base.tables;
    const count = ++links.unreported[link];
    links.frameAt[link] = now;
    const age = now - links.reportedAt[link];
    if (age < REPORT_US || (count < REPORT_FRAMES && (age < LATE_REPORT_US || count < FEW_FRAMES))) return;
    this.report(link, now);
  }

  /** Tells the peer what has come by a link. */
  report(link: number, now: number): void {
    const { peers, links, sessions } = this.base.tables;
    links.unreported[link] = 0;
    links.reportedAt[link] = now;
    const slot = peers.session[links.peer[link]];
    if (slot < 0) return;
    const { messages, laneOrder } = this.base.ports;
    const body = messages.open(KIND.REPORT, REPORT.BYTES);
    const { bytes, view } = this.base.arena;
    const id = links.id[link];
    bytes[body + REPORT.LINK] = id;
    view.setUint32(body + REPORT.DATAGRAMS, (links.received[link] + links.copies[link]) % U32);
    view.setUint32(body + REPORT.RECEIVED_AT, links.frameAt[link] % U32);
    writeU64(view, body + REPORT.RECEIVED, links.receivedBytes[link] + links.copyBytes[link]);
    writeU64(view, body + REPORT.ACKNOWLEDGED, sessions.highest(slot, id) + 1);
    writeU64(view, body + REPORT.LANE, laneOrder.highestBy(slot, id));
    messages.send(slot, link, now);
  }
}

/** Takes the peer's reports. */
export class ReportReader {
  private readonly report = new Report();

  constructor(
    private readonly base: LinkBase,
    private readonly adaptive: Adaptive,
  ) {}

  heard(datagram: Datagram): void {
    const { peer, slot, body } = datagram;
    const { peers, links } = this.base.tables;
    const { bytes, view } = this.base.arena;
    const link = peers.linkOf(peer, bytes[body + REPORT.LINK]);
    if (link < 0) {
      this.base.drops.message(DROP['link-mismatch'], datagram);
      return;
    }
    const { report } = this;
    report.own = readU64(view, body + REPORT.ACKNOWLEDGED);
    report.lane = readU64(view, body + REPORT.LANE);
    links.acknowledge(link, slot, report.own - 1);
    links.acknowledgeLane(link, report.lane - 1);
    if (peers.policy[peer] !== POLICY.adaptive || slot !== peers.session[peer]) return;
    report.datagrams = view.getUint32(body + REPORT.DATAGRAMS);
    report.bytes = readU64(view, body + REPORT.RECEIVED);
    report.receivedAt = view.getUint32(body + REPORT.RECEIVED_AT);
    this.adaptive.reported(link, report, datagram.now);
  }
}
