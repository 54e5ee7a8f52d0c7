/** What heartbeats measure: round-trip time, jitter, loss in each direction. */
import { LINK, LINK_WIDTH, type SharedStats } from '../datapath/stats.js';
import { type LinkTable, LOSS_WIDTH } from './links.js';
import { HEARTBEAT, NO_ECHO } from './messages.js';

const U32 = 0x1_0000_0000;
/** Gains of the smoothed round-trip time and of its variation, RFC 6298 section 2. */
const RTT_GAIN = 1 / 8;
const JITTER_GAIN = 1 / 4;
/** Gain of the loss averages; about the last 64 beats count. */
const LOSS_GAIN = 1 / 64;
/** Longer than any hold time: an echo older than this says nothing of the path. */
const MAX_RTT_US = 60_000_000;

/** Takes the measurements of a heartbeat on link `row`; its body starts at `body`. */
export function observeBeat(
  links: LinkTable,
  stats: SharedStats,
  view: DataView,
  row: number,
  body: number,
  now: number,
): void {
  links.peerIntervalUs[row] = view.getUint16(body + HEARTBEAT.INTERVAL_MS) * 1000;
  observeRtt(links, stats, view, row, body, now);
  observeLoss(links, stats, view, row, body);
  links.echo[row] = view.getUint32(body + HEARTBEAT.SENT_AT);
  links.echoAt[row] = now;
}

function observeRtt(
  links: LinkTable,
  stats: SharedStats,
  view: DataView,
  row: number,
  body: number,
  now: number,
): void {
  const delay = view.getUint32(body + HEARTBEAT.ECHO_DELAY);
  if (delay === NO_ECHO) return;
  const elapsed = ((now % U32) - view.getUint32(body + HEARTBEAT.ECHO) + U32) % U32;
  const rtt = elapsed - delay;
  if (rtt < 0 || rtt > MAX_RTT_US) return;
  const smoothed = links.rttSmoothed[row];
  if (smoothed === 0) {
    links.rttSmoothed[row] = rtt;
    links.jitter[row] = rtt / 2;
  } else {
    links.jitter[row] += JITTER_GAIN * (Math.abs(smoothed - rtt) - links.jitter[row]);
    links.rttSmoothed[row] = smoothed + RTT_GAIN * (rtt - smoothed);
  }
  const gauges = stats.links;
  const base = row * LINK_WIDTH;
  const min = gauges[base + LINK.rttMinUs];
  gauges[base + LINK.rttLastUs] = rtt;
  gauges[base + LINK.rttMinUs] = min === 0 ? rtt : Math.min(min, rtt);
  gauges[base + LINK.rttSmoothedUs] = links.rttSmoothed[row];
  gauges[base + LINK.jitterUs] = links.jitter[row];
}

/**
 * Compares how many datagrams one end sent with how many the other received between two beats. What is under way
 * at a beat is missing in one interval and too much in the next, so sums are averaged, not ratios.
 */
function observeLoss(links: LinkTable, stats: SharedStats, view: DataView, row: number, body: number): void {
  const peerSent = view.getUint32(body + HEARTBEAT.SENT);
  const peerReceived = view.getUint32(body + HEARTBEAT.RECEIVED);
  const base = row * LINK_WIDTH;
  const at = row * LOSS_WIDTH;
  const inbound = lossOf(links.loss, at, peerSent, links.received[row] % U32);
  const outbound = lossOf(links.loss, at + LOSS_WIDTH / 2, links.sent[row] % U32, peerReceived);
  stats.links[base + LINK.lossInPermille] = inbound;
  stats.links[base + LINK.lossOutPermille] = outbound;
}

/** Takes the totals of one direction into its four words and returns the loss in permille. */
function lossOf(words: Float64Array, at: number, sentTotal: number, arrivedTotal: number): number {
  const sent = (sentTotal - words[at] + U32) % U32;
  const arrived = (arrivedTotal - words[at + 1] + U32) % U32;
  words[at] = sentTotal;
  words[at + 1] = arrivedTotal;
  // The first beat, or an end that counts anew.
  if (sent > U32 / 2 || arrived > U32 / 2) return 0;
  words[at + 2] += sent - LOSS_GAIN * words[at + 2];
  words[at + 3] += arrived - LOSS_GAIN * words[at + 3];
  const loss = 1 - words[at + 3] / words[at + 2];
  return Math.max(0, Math.min(1, loss)) * 1000;
}
