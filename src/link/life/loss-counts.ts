/**
 * Loss and delivery of each link, in both directions.
 *
 * Who receives measures: at each heartbeat it compares how much the sender had sent with how much has come. A heartbeat
 * keeps its place among the datagrams, so both counts speak of the same ones, and nothing that is still under way looks
 * lost. What it found goes back in its next heartbeat; so both ends know both directions.
 *
 * A datagram of which copies travel by several links is accepted once. The other copies are dropped unopened, by
 * their counter alone, but they have come all the same and count as arrived: as many of them as the sender says that
 * it sent by this link. Without that bound somebody on the way could replay datagrams and so hide what the link loses.
 */
import { readU64 } from '../../base/bytes.js';
import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { LinkTable } from '../../state/links.js';
import { type LossTable, UNKNOWN } from '../../state/loss.js';
import { HEARTBEAT, NO_ECHO } from '../../wire/heartbeat.js';

const U32 = 0x1_0000_0000;
/** Part of what has found no match among copies that is given up at each heartbeat. */
const FADING = 1 / 64;
/** More between two heartbeats than any link carries, and longer than any are apart: the other end started over. */
const MAX_STEP = 2 ** 28;
/** A heartbeat sent earlier than the one before it, by no more than this, was overtaken on the way. */
const LATE_US = 10_000_000;
/** The delivered rate is averaged over about this time. */
const RATE_WINDOW_US = 500_000;

/** Takes the counts of a heartbeat that came by link `row`; its body starts at `body`. */
export function observeCounts(
  links: LinkTable,
  stats: SharedStats,
  view: DataView,
  row: number,
  body: number,
): void {
  const clock = view.getUint32(body + HEARTBEAT.SENT_AT);
  const earlier = (links.loss.clock[row] - clock + U32) % U32;
  if (earlier > 0 && earlier < LATE_US) return;
  links.loss.clock[row] = clock;
  observeInbound(links, stats, view, row, body);
  observeOutbound(links.loss, stats, view, row, body);
}

function observeInbound(
  links: LinkTable,
  stats: SharedStats,
  view: DataView,
  row: number,
  body: number,
): void {
  const table = links.loss;
  const due = step(table.peerSent, row, view.getUint32(body + HEARTBEAT.SENT));
  const announced = step(table.peerCopies, row, view.getUint32(body + HEARTBEAT.COPIES));
  const received = growth(table.received, row, links.received[row]);
  const receivedBytes = growth(table.receivedBytes, row, links.receivedBytes[row]);
  const copies = growth(table.copies, row, links.copies[row]);
  const copyBytes = growth(table.copyBytes, row, links.copyBytes[row]);
  if (due < 0 || announced < 0) return;
  table.announced[row] += announced;
  table.unmatched[row] += copies;
  table.unmatchedBytes[row] += copyBytes;
  const matched = Math.floor(Math.min(table.announced[row], table.unmatched[row]));
  const matchedBytes = matched === 0 ? 0 : (table.unmatchedBytes[row] * matched) / table.unmatched[row];
  table.announced[row] = (table.announced[row] - matched) * (1 - FADING);
  table.unmatched[row] = (table.unmatched[row] - matched) * (1 - FADING);
  table.unmatchedBytes[row] = (table.unmatchedBytes[row] - matchedBytes) * (1 - FADING);
  const arrived = received + matched;
  table.arrived[row] += arrived;
  table.delivered[row] += receivedBytes + matchedBytes;
  const base = row * LINK_WIDTH;
  stats.links[base + LINK.dueIn] += due;
  stats.links[base + LINK.arrivedIn] += arrived;
  stats.links[base + LINK.lossInPermille] = table.inbound.add(row, due, arrived);
}

function observeOutbound(
  table: LossTable,
  stats: SharedStats,
  view: DataView,
  row: number,
  body: number,
): void {
  const delay = view.getUint32(body + HEARTBEAT.ECHO_DELAY);
  if (delay === NO_ECHO) return;
  const due = step(table.echoSent, row, view.getUint32(body + HEARTBEAT.ECHO_SENT));
  const arrived = step(table.echoArrived, row, view.getUint32(body + HEARTBEAT.ARRIVED));
  const delivered = growth(table.echoDelivered, row, readU64(view, body + HEARTBEAT.DELIVERED));
  // When our heartbeat came, by the peer's clock.
  const cameAt = (view.getUint32(body + HEARTBEAT.SENT_AT) - delay + U32) % U32;
  const elapsed = step(table.echoAt, row, cameAt);
  // The peer's heartbeat speaks of one of ours that an earlier heartbeat spoke of already, or counting begins.
  if (due < 0 || arrived < 0 || elapsed <= 0 || delivered < 0) return;
  const rate = (delivered * 1e6) / elapsed;
  table.rateOut[row] += (rate - table.rateOut[row]) * (elapsed / (elapsed + RATE_WINDOW_US));
  const base = row * LINK_WIDTH;
  stats.links[base + LINK.dueOut] += due;
  stats.links[base + LINK.arrivedOut] += arrived;
  if (arrived < due) stats.links[base + LINK.lossEventsOut]++;
  stats.links[base + LINK.lossOutPermille] = table.outbound.add(row, due, arrived);
  stats.links[base + LINK.deliveredOutBytes] += delivered;
  stats.links[base + LINK.deliveredOutBps] = table.rateOut[row];
}

/** Puts a total of 32 bits into its row; returns by how much it grew, -1 when it was unknown or started over. */
function step(totals: Float64Array, row: number, total: number): number {
  const before = totals[row];
  totals[row] = total;
  if (before === UNKNOWN) return -1;
  const grown = (total - before + U32) % U32;
  return grown > MAX_STEP ? -1 : grown;
}

function growth(totals: Float64Array, row: number, total: number): number {
  const grown = total - totals[row];
  totals[row] = total;
  return grown;
}
