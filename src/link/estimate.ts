/** What heartbeats measure: round-trip time, jitter, loss in each direction. */
import { LINK, LINK_WIDTH, type SharedStats } from '../datapath/stats.js';
import type { LinkTable } from './links.js';
import { HEARTBEAT, NO_ECHO } from './messages.js';

const U32 = 0x1_0000_0000;
/** Gains of the smoothed round-trip time and of its variation, RFC 6298 section 2. */
const RTT_GAIN = 1 / 8;
const JITTER_GAIN = 1 / 4;
/** Gain of the loss averages; about the last sixteen beats count. */
const LOSS_GAIN = 1 / 16;
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

/** Compares how many datagrams one end sent with how many the other received between two beats. */
function observeLoss(links: LinkTable, stats: SharedStats, view: DataView, row: number, body: number): void {
  const marks = links.lossMarks;
  const at = row * 4;
  const peerSent = view.getUint32(body + HEARTBEAT.SENT);
  const peerReceived = view.getUint32(body + HEARTBEAT.RECEIVED);
  const sent = links.sent[row] % U32;
  const received = links.received[row] % U32;
  const base = row * LINK_WIDTH;
  if (marks[at] !== 0) {
    blend(
      stats.links,
      base + LINK.lossInPermille,
      since(peerSent, marks[at]),
      since(received, marks[at + 1]),
    );
    blend(
      stats.links,
      base + LINK.lossOutPermille,
      since(sent, marks[at + 2]),
      since(peerReceived, marks[at + 3]),
    );
  }
  marks[at] = peerSent;
  marks[at + 1] = received;
  marks[at + 2] = sent;
  marks[at + 3] = peerReceived;
}

function since(value: number, mark: number): number {
  return (value - mark + U32) % U32;
}

function blend(gauges: Float64Array, at: number, sent: number, arrived: number): void {
  if (sent === 0 || sent > U32 / 2) return;
  const loss = Math.max(0, Math.min(1, (sent - arrived) / sent)) * 1000;
  gauges[at] += LOSS_GAIN * (loss - gauges[at]);
}
