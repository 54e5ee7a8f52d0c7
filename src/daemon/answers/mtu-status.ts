/** The path MTU of links, and the cost of small ones. */
import type { LinkMtu, PeerMtu } from '../../api/index.js';
import { MTU_STATES } from '../../api/mtu.js';
import { effectiveInterface, effectiveLink } from '../../config/defaults.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import { BUNDLE_FRAME_HEADER } from '../../datapath/frames/bundle.js';
import { PIECE_HEADER } from '../../datapath/frames/pieces.js';
import { PATH } from '../../native/ops.js';
import { SEALED_OVERHEAD } from '../../wire/header.js';
import { outerOverhead } from '../../wire/overhead.js';
import { SEGMENT } from '../../wire/segment.js';
import { type LinkEntry, type PeerEntry, pathOf } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

const ETHERNET_HEADER = 14;
/** Ethernet, IPv4 and TCP without options. */
const TCP_HEADERS = ETHERNET_HEADER + 20 + 20;
const BUNDLE_KIND = 1;

export function peerMtu(runtime: InterfaceRuntime, peer: PeerEntry): PeerMtu {
  const { mtu, mssClamp } = effectiveInterface(runtime.config);
  const tapFrameBytes = mtu + ETHERNET_HEADER;
  const links = [...peer.links.values()].sort((a, b) => a.config.id - b.config.id);
  const plains = links.filter(({ state }) => state === 'up').map((link) => plaintextOf(runtime, link));
  const base = { interface: runtime.name, peer: peer.config.name, tapFrameBytes, mssClamp };
  if (plains.length === 0) {
    const none = { frameBytes: null, segmentBytes: null, largestSegmentBytes: null };
    const links0 = links.map((link) => linkMtu(runtime, link, 0));
    return { ...base, ...none, extraDatagramsPercent: null, pieces: null, links: links0 };
  }
  const smallest = Math.min(...plains);
  const largest = Math.max(...plains);
  const segmentBytes = segmentOf(smallest);
  const largestSegmentBytes = segmentOf(largest);
  return {
    ...base,
    frameBytes: frameOf(smallest),
    segmentBytes,
    largestSegmentBytes,
    extraDatagramsPercent: Math.round((largestSegmentBytes / segmentBytes - 1) * 100),
    pieces: tapFrameBytes <= frameOf(smallest) ? 1 : Math.ceil(tapFrameBytes / (smallest - PIECE_HEADER)),
    links: links.map((link) => linkMtu(runtime, link, smallest < largest ? smallest : 0)),
  };
}

/** `shortest`: a link with this plaintext is a short one; 0 when all carry the same. */
function linkMtu(runtime: InterfaceRuntime, link: LinkEntry, shortest: number): LinkMtu {
  const read = gaugesOf(runtime, link);
  const configured = effectiveLink(runtime.config, link.config).mtu;
  const plaintext = plaintextOf(runtime, link);
  return {
    link: link.config.id,
    state: link.state,
    search: MTU_STATES[read(LINK.mtuState)],
    mtuBytes: read(LINK.mtu),
    probedBytes: read(LINK.mtuProbed) || null,
    routeBytes: link.routeMtu,
    configuredBytes: configured || null,
    frameBytes: frameOf(plaintext),
    short: link.state === 'up' && plaintext === shortest,
  };
}

function gaugesOf(runtime: InterfaceRuntime, link: LinkEntry): (field: number) => number {
  const gauges = runtime.datapath.stats.links;
  return (field) => gauges[link.row * LINK_WIDTH + field] ?? 0;
}

/** Largest plaintext of one datagram. */
function plaintextOf(runtime: InterfaceRuntime, link: LinkEntry): number {
  const family = pathOf(link)[PATH.FAMILY];
  return Math.max(0, gaugesOf(runtime, link)(LINK.mtu) - outerOverhead(family) - SEALED_OVERHEAD);
}

function frameOf(plaintext: number): number {
  return Math.max(0, plaintext - BUNDLE_KIND - BUNDLE_FRAME_HEADER);
}

function segmentOf(plaintext: number): number {
  return plaintext - SEGMENT.BYTES - TCP_HEADERS;
}
