/** What a bandwidth test says: a line a second, and the whole at the end. */
import type {
  BandwidthFigures,
  BandwidthParams,
  BandwidthReport,
  BandwidthStarted,
} from '../../api/index.js';
import { milliseconds, speed } from './format.js';

/** Bytes a second. */
const KBIT = 1000 / 8;

/** What is about to be tested. */
export function bandwidthHead(wish: BandwidthParams, { peerRateKbps }: BandwidthStarted): string[] {
  const { peer, link, seconds, rateKbps, direction } = wish;
  const path = link === undefined ? 'the link that messages take' : `link ${link}`;
  const ours = direction === 'reverse' ? [] : [`we send ${speed(rateKbps * KBIT)}`];
  const theirs = peerRateKbps === null ? [] : [`the peer sends ${speed(peerRateKbps * KBIT)}`];
  return [`Bandwidth of peer ${peer} by ${path} for ${seconds} s: ${[...ours, ...theirs].join(', ')}.`];
}

/** A second of the test. */
export function bandwidthLine(report: BandwidthReport): string[] {
  const at = `${(report.elapsedMs / 1000).toFixed(0).padStart(3)} s`;
  return directions(report).map(([name, figures]) => {
    const { bitsPerSecond, received, lost, reordered, jitterUs } = figures;
    return `${at}  ${name}  ${speed(bitsPerSecond / 8)}, ${received} received, ${lost} lost, ${reordered} reordered, jitter ${milliseconds(jitterUs)} ms`;
  });
}

/** The whole test. */
export function bandwidthSummary(report: BandwidthReport): string[] {
  const lines = directions(report).map(([name, figures]) => {
    const { bitsPerSecond, sent, received, lost, reordered, jitterUs } = figures;
    const share = sent ? ` (${((100 * lost) / sent).toFixed(2)} %)` : '';
    const out = sent === null ? '' : `${sent} datagrams sent, `;
    return `total  ${name}  ${speed(bitsPerSecond / 8)}: ${out}${received} received, ${lost} lost${share}, ${reordered} reordered, jitter ${milliseconds(jitterUs)} ms`;
  });
  const yielded = report.hasYielded
    ? ['Frames of users went first: this is what they left of the link.']
    : [];
  return [...lines, ...yielded, `octolinkd used ${report.cpuPercent} % of a processor here.`];
}

function directions({ toPeer, fromPeer }: BandwidthReport): [string, BandwidthFigures][] {
  const all: [string, BandwidthFigures | null][] = [
    ['to peer  ', toPeer],
    ['from peer', fromPeer],
  ];
  return all.filter((entry): entry is [string, BandwidthFigures] => entry[1] !== null);
}
