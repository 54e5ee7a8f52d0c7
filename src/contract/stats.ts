/**
 * Counters and gauges shared with the control thread: one SharedArrayBuffer of doubles, written by the one
 * worker, read by anybody. Doubles because they are read and written whole and count exactly to 2^53.
 */
import { doubled, isSmall, roomFor } from '../base/columns.js';
import { ROOMS } from '../base/rooms.js';
import { DROP_NAMES } from './drops.js';

function indexOf<const T extends readonly string[]>(names: T): Record<T[number], number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<T[number], number>;
}

export const INTERFACE_FIELDS = [
  'tapRxFrames',
  'tapRxBytes',
  'tapTxFrames',
  'tapTxBytes',
  'txDatagrams',
  'txBytes',
  'rxDatagrams',
  'rxBytes',
  'txSends',
  'rxMessages',
  'floodedFrames',
  'multicastFrames',
  'forwardedFrames',
  'duplicatedFrames',
  'parityDatagrams',
  'parityInVain',
  'repairedDatagrams',
  'bundledFrames',
  'piecesSent',
  'resentDatagrams',
  'resendReachUs',
  'relayedDatagrams',
  'mssClamped',
  'joinedSegments',
  'wakeups',
  'latenessMaxUs',
  'latenessLastUs',
  'macEntries',
  'macMoves',
  'handshakesGiven',
  'handshakesTaken',
  'heartbeatsSent',
  'heartbeatsReceived',
  'pacedLinks',
  'pacedIntervalUs',
] as const;
export const INTERFACE = indexOf(INTERFACE_FIELDS);

export const PEER_FIELDS = [
  'txFrames',
  'txBytes',
  'rxFrames',
  'rxBytes',
  /** Frames beyond what storm control allows it. */
  'stormDrops',
  'activeLink',
  /** Bit set of the ids of links by which the policy may send frames. */
  'usableLinks',
  'sessionSlot',
  /** Bit set of kinds, in the order of `STORM_KINDS`, of which it sends more than it may. */
  'storms',
  'ownRing',
  'resendReachUs',
] as const;
export const PEER = indexOf(PEER_FIELDS);

export const LINK_FIELDS = [
  'state',
  'cause',
  'changedUs',
  'transitions',
  'heardUs',
  'txDatagrams',
  'txBytes',
  'rxDatagrams',
  'rxBytes',
  /** Datagrams dropped unopened, of which another copy had been accepted, and their bytes. */
  'rxCopies',
  'rxCopyBytes',
  'resent',
  /** Datagrams that the device was too small for, and that left in IP fragments. */
  'fragmented',
  'sendErrors',
  /** When the kernel last refused to send by it, or the peer last called it by another id: the one noted, the other 0. */
  'hinderedUs',
  'refusedErrno',
  'otherId',
  'rttLastUs',
  'rttMinUs',
  'rttSmoothedUs',
  'jitterUs',
  /** Percentiles of the last 30 to 60 seconds. */
  'rttP50Us',
  'rttP95Us',
  'rttP99Us',
  /** Sum and number of all round-trip times measured. */
  'rttSumUs',
  'rttSamples',
  'lossOutPermille',
  'lossInPermille',
  /** Datagrams sent by one end and how many of them came to the other, as heartbeats told: never cleared. */
  'dueOut',
  'arrivedOut',
  'dueIn',
  'arrivedIn',
  /** How often heartbeats told that something of ours was lost: a burst of losses counts once. Never cleared. */
  'lossEventsOut',
  /** Bytes of ours that arrived, as heartbeats told. */
  'deliveredOutBytes',
  'mtu',
  /** State of the search for it, as in `MTU_STATES`, and the size that is being probed; 0 for none. */
  'mtuState',
  'mtuProbed',
  'intervalUs',
  'holdUs',
  /** Bytes a second of ours that the peer says arrived by this link; 0 while unknown. */
  'deliveredOutBps',
  /** What the path toward the peer is thought to carry, in bytes a second; 0 while unknown. */
  'capacityOutBps',
  /** Estimated time that a datagram toward the peer waits in queues, in µs. */
  'queueOutUs',
  'dampedUntilUs',
  /** One of `NO_GSO`: why no runs leave by it. */
  'noGso',
  /** One of `GREY`: why it is left for others although it answers. */
  'grey',
] as const;
export const LINK = indexOf(LINK_FIELDS);

/** Why a link does without UDP GSO: its device refuses it, its path loses what is sent as a run, or both ways are being compared. */
export const NO_GSO = { NONE: 0, DEVICE: 1, PATH: 2, COMPARED: 3 } as const;

/** How many rows of each table a statistics buffer holds. */
interface StatsShape {
  peers: number;
  links: number;
}

/** Doubles in each section of a buffer. */
function sizesOf(shape: StatsShape) {
  return [
    INTERFACE_FIELDS.length,
    DROP_NAMES.length,
    shape.peers * PEER_FIELDS.length,
    shape.links * LINK_FIELDS.length,
  ] as const;
}

function bytesOf(shape: StatsShape): number {
  return sizesOf(shape).reduce((sum, size) => sum + size, 0) * Float64Array.BYTES_PER_ELEMENT;
}

/** The buffer of a shape, and the sections in it. */
function sectionsOf(shape: StatsShape, buffer = new SharedArrayBuffer(bytesOf(shape))) {
  const sizes = sizesOf(shape);
  let word = 0;
  const section = (size: number): Float64Array => {
    const view = new Float64Array(buffer, word * 8, size);
    word += size;
    return view;
  };
  return {
    shape,
    buffer,
    interface: section(sizes[0]),
    drops: section(sizes[1]),
    peers: section(sizes[2]),
    links: section(sizes[3]),
  };
}

/** Sections for at least so many rows, and for all that there may be when they are large. */
function largerSections(rows: StatsShape) {
  const least = { peers: doubled(rows.peers), links: doubled(rows.links) };
  if (isSmall(bytesOf(least))) return sectionsOf(least);
  const most = { peers: roomFor('peers', rows.peers), links: roomFor('links', rows.links) };
  const memory = ROOMS.takeWhole(bytesOf(most));
  return memory === null ? sectionsOf(least) : sectionsOf(most, memory);
}

/** A view on the shared statistics; both threads make one over the same buffer. */
export class SharedStats {
  shape: StatsShape;
  buffer: SharedArrayBuffer;
  interface: Float64Array;
  drops: Float64Array;
  peers: Float64Array;
  links: Float64Array;

  constructor(shape: StatsShape, buffer?: SharedArrayBuffer) {
    const sections = sectionsOf(shape, buffer);
    this.shape = shape;
    this.buffer = sections.buffer;
    this.interface = sections.interface;
    this.drops = sections.drops;
    this.peers = sections.peers;
    this.links = sections.links;
  }

  /** Moves to a larger buffer, for at least so many rows, with the same contents; everything that holds this view goes along. */
  grow(rows: StatsShape): void {
    const larger = largerSections(rows);
    larger.interface.set(this.interface);
    larger.drops.set(this.drops);
    larger.peers.set(this.peers);
    larger.links.set(this.links);
    Object.assign(this, larger);
  }

  clearPeer(row: number): void {
    this.peers.fill(0, row * PEER_FIELDS.length, (row + 1) * PEER_FIELDS.length);
  }

  clearLink(row: number): void {
    this.links.fill(0, row * LINK_FIELDS.length, (row + 1) * LINK_FIELDS.length);
  }
}

export const PEER_WIDTH = PEER_FIELDS.length;
export const LINK_WIDTH = LINK_FIELDS.length;
