/** What heartbeats measure: round-trip time and jitter here, loss and delivery in loss-counts.ts. */
import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Datagram } from '../../state/datagram.js';
import type { LinkTable } from '../../state/links.js';
import { HEARTBEAT, NO_ECHO } from '../../wire/heartbeat.js';
import { observeCounts } from './loss-counts.js';

const U32 = 0x1_0000_0000;
/** Gains of the smoothed round-trip time and of its variation, RFC 6298 section 2. */
const RTT_GAIN = 1 / 8;
const JITTER_GAIN = 1 / 4;
/** Longer than any hold time: an echo older than this says nothing of the path. */
const MAX_RTT_US = 60_000_000;
/** Percentiles are worked out again this often at most. */
const PERCENTILES_EVERY_US = 1_000_000;

/**
 * Takes the measurements of a heartbeat. One that `hasWaited` for this thread came nobody knows when: it tells nothing of
 * time, and the peer gets an echo of the one before, of which that is known.
 */
export function observeBeat(
  links: LinkTable,
  stats: SharedStats,
  view: DataView,
  datagram: Datagram,
  hasWaited: boolean,
): void {
  const { link: row, body, now } = datagram;
  links.peerIntervalUs[row] = view.getUint16(body + HEARTBEAT.INTERVAL_MS) * 1000;
  observeCounts(links, stats, view, row, body);
  if (hasWaited) return;
  const delay = view.getUint32(body + HEARTBEAT.ECHO_DELAY);
  if (delay !== NO_ECHO) observeRtt(links, stats, row, sinceEcho(view, body, now) - delay, now);
  links.echo[row] = view.getUint32(body + HEARTBEAT.SENT_AT);
  links.echoAt[row] = now;
}

/** When that heartbeat of ours was sent, by our clock in µs, which the heartbeat at `body` echoes; 0 for none. */
export function echoedBeat(view: DataView, body: number, now: number): number {
  return view.getUint32(body + HEARTBEAT.ECHO_DELAY) === NO_ECHO ? 0 : now - sinceEcho(view, body, now);
}

function sinceEcho(view: DataView, body: number, now: number): number {
  return ((now % U32) - view.getUint32(body + HEARTBEAT.ECHO) + U32) % U32;
}

/** Takes a round-trip time of link `row`, in µs; one that cannot be is ignored. */
function observeRtt(links: LinkTable, stats: SharedStats, row: number, rtt: number, now: number): void {
  if (rtt < 0 || rtt > MAX_RTT_US) return;
  const smoothed = links.rttSmoothed[row];
  if (smoothed === 0) {
    links.rttSmoothed[row] = rtt;
    links.jitter[row] = rtt / 2;
  } else {
    links.jitter[row] += JITTER_GAIN * (Math.abs(smoothed - rtt) - links.jitter[row]);
    links.rttSmoothed[row] = smoothed + RTT_GAIN * (rtt - smoothed);
  }
  links.rttHistograms.add(row, rtt, now);
  const gauges = stats.links;
  const base = row * LINK_WIDTH;
  const min = gauges[base + LINK.rttMinUs];
  gauges[base + LINK.rttLastUs] = rtt;
  gauges[base + LINK.rttMinUs] = min === 0 ? rtt : Math.min(min, rtt);
  gauges[base + LINK.rttSmoothedUs] = links.rttSmoothed[row];
  gauges[base + LINK.jitterUs] = links.jitter[row];
  gauges[base + LINK.rttSumUs] += rtt;
  gauges[base + LINK.rttSamples]++;
  if (now < links.percentilesDue[row]) return;
  links.percentilesDue[row] = now + PERCENTILES_EVERY_US;
  gauges[base + LINK.rttP50Us] = links.rttHistograms.percentile(row, 0.5);
  gauges[base + LINK.rttP95Us] = links.rttHistograms.percentile(row, 0.95);
  gauges[base + LINK.rttP99Us] = links.rttHistograms.percentile(row, 0.99);
}
