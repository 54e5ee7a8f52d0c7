/** What peers cost in memory, worked out from what is held for them. */
import type { PeerMemory } from '../../api/index.js';
import { MAP_ENTRY, ownBytes } from '../../base/held.js';
import type { RowsHeld } from '../../contract/answers.js';
import { KEY_SLOT_BYTES } from '../../native/binding.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Peers that stand for all: enough to tell what is their own. */
const SAMPLES = 16;
/** Maps in which a client stands by its name and its key; those of a peer by name and row; those of a session. */
const MAPS_OF_CLIENT = 2;
const MAPS_OF_PEER = 6;
const MAPS_OF_SESSION = 2;
/** A session has two keys, one for each direction. */
const KEYS = 2;

type Parts = Pick<PeerMemory, 'rowBytes' | 'objectBytes' | 'keyBytes'>;

/** Empty when the interface has no peers, or its worker has ended. */
export async function peerMemory(runtime: InterfaceRuntime): Promise<PeerMemory[]> {
  const { peers, clients, datapath, handshakes } = runtime;
  const samples = peers.from(0, SAMPLES).peers;
  const links = samples.flatMap((entry) => entry.links.values().map(({ row }) => row));
  const held = await datapath.memory(links);
  if (held === null) return [];
  const { peersWithSession: up } = handshakes;
  const { configured, idle, busy } = costsOf(runtime, samples, held);
  // The worker may know of one whose session has just ended.
  const busyPeers = Math.min(up, held.busyPeers);
  const authorized = { rowBytes: 0, objectBytes: clientBytes(runtime), keyBytes: 0 };
  const states = [
    ['authorized', clients.known - clients.present, authorized],
    ['configured', peers.size - up, configured],
    ['idle', up - busyPeers, idle],
    ['busy', busyPeers, busy],
  ] as const;
  return states
    .filter(([state]) => (state === 'authorized' ? clients.known > 0 : peers.size > 0))
    .map(([state, count, parts]) => ({
      interface: runtime.name,
      state,
      peers: count,
      bytesEach: parts.rowBytes + parts.objectBytes + parts.keyBytes,
      ...parts,
    }));
}

function clientBytes({ clients }: InterfaceRuntime): number {
  const samples = clients.all().slice(0, SAMPLES);
  return ownBytes(samples.map((client) => [client])) + MAPS_OF_CLIENT * MAP_ENTRY;
}

/** What a peer holds in each state, with as many links, and sessions, as the samples have on average. */
function costsOf(
  { handshakes }: InterfaceRuntime,
  samples: readonly PeerEntry[],
  held: RowsHeld,
): Record<'configured' | 'idle' | 'busy', Parts> {
  const linksEach = samples.reduce((sum, { links }) => sum + links.size, 0) / Math.max(1, samples.length);
  const objects = samples.map((entry) => ({ entry, ...handshakes.objectsOf(entry.row) }));
  const lasting = ownBytes(objects.map((one) => [one.entry, ...one.lasting]));
  const all = ownBytes(objects.map((one) => [one.entry, ...one.lasting, ...one.ofSessions]));
  const configured = {
    rowBytes: Math.round(held.peer + linksEach * held.link),
    objectBytes: lasting + MAPS_OF_PEER * MAP_ENTRY,
    keyBytes: 0,
  };
  const idle = {
    rowBytes: configured.rowBytes + held.session + held.stream,
    objectBytes: all + (MAPS_OF_PEER + MAPS_OF_SESSION) * MAP_ENTRY,
    keyBytes: KEYS * KEY_SLOT_BYTES,
  };
  const measured = Math.round(linksEach * held.histogram);
  return { configured, idle, busy: { ...idle, rowBytes: idle.rowBytes + measured + held.ring } };
}
