/**
 * What an interface has learned of stations, of multicast and of where its peers are, kept over a restart of the daemon. It counts
 * again for a peer that is there at once, and for one that comes later when it comes.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderConfig } from '../../config/render.js';
import type { MacRow } from '../../contract/answers.js';
import { PORT } from '../../contract/port-settings.js';
import { type KnownStations, STATION } from '../../contract/stations.js';
import { bootId } from '../base/boot-id.js';
import { ifAbsent } from '../base/durable-file.js';
import type { Log } from '../base/log.js';
import { type KeptMulticast, knownMulticast, multicastOf } from './kept-multicast.js';
import type { PeerEntry } from './peer-entries.js';
import type { InterfaceRuntime } from './runtime.js';
import {
  decodeStations,
  encodeStations,
  type Kept,
  type KeptEnd,
  type KeptStation,
  MOST_STATIONS,
  type StationPlace,
} from './station-file.js';

/** Rows of the MAC table that a worker looks at between two batches of frames. */
const ROWS_AT_ONCE = 1024;
/** So long a peer has to come up until its stations are looked for elsewhere, in milliseconds. */
const AWAITED_MS = 5000;
/** So long a peer may take that has no block in the configuration. */
const EXPECTED_MS = 60_000;

export class KeptStations {
  constructor(
    private readonly stateFolder: string,
    private readonly nowUs: () => number,
    private readonly log: Log,
  ) {}

  /** Writes down what the switch knows, for the daemon that comes next. */
  async keep(runtime: InterfaceRuntime): Promise<void> {
    try {
      const kept: Kept = {
        stations: await stationsOf(runtime, this.nowUs()),
        ends: endsOf(runtime),
        multicast: await multicastOf(runtime, this.nowUs()),
      };
      const file = this.fileOf(runtime);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      // Not made durable: a checksum tells a file that is not whole, and after a crash of the machine it says nothing.
      writeFileSync(`${file}.new`, encodeStations(placeOf(runtime), kept, this.nowUs()), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (err) {
      this.log.warn(
        { err, interface: runtime.name },
        'what is known of stations is not kept over the restart',
      );
    }
  }

  /** Has the switch know again what the daemon before this one knew. A file is used once. */
  recall(runtime: InterfaceRuntime): void {
    const file = this.fileOf(runtime);
    try {
      const bytes = readFile(file);
      if (bytes === null) return;
      rmSync(file, { force: true });
      const kept = decodeStations(bytes, placeOf(runtime), this.nowUs());
      if (kept === null) return;
      const { stations, ends } = kept;
      recallEnds(runtime, ends);
      new Recall(runtime, kept, this.nowUs).begin();
      this.log.info(
        { interface: runtime.name, stations: stations.length, ends: ends.length },
        'knows the stations from before the restart',
      );
    } catch (error) {
      const place = { interface: runtime.name, file, why: (error as Error).message };
      this.log.warn(place, 'what was known of stations before the restart is not used');
    }
  }

  private fileOf({ publicKey }: InterfaceRuntime): string {
    const name = Buffer.from(publicKey, 'base64').subarray(0, 16).toString('hex');
    return join(this.stateFolder, 'stations', name);
  }
}

/** Brings stations back to the peers they were behind. */
class Recall {
  private readonly waiting = new Map<string | null, KeptStation[]>();
  private readonly told = new Set<PeerEntry>();
  private readonly hasOwn: boolean;
  private readonly multicast: KeptMulticast;

  constructor(
    private readonly runtime: InterfaceRuntime,
    { stations, multicast }: Kept,
    private readonly nowUs: () => number,
  ) {
    this.multicast = multicast;
    for (const station of stations) {
      const before = this.waiting.get(station.key);
      if (before === undefined) this.waiting.set(station.key, [station]);
      else before.push(station);
    }
    this.hasOwn = this.waiting.has(null);
  }

  begin(): void {
    const { peers } = this.runtime;
    this.send(null, PORT.TAP);
    this.sendMulticast();
    const awaited = [...peers.values()].filter((peer) => this.send(keyOf(peer), peer.row));
    const heard = (peer: PeerEntry) => this.peerChanged(peer);
    this.runtime.on('peer', heard);
    setTimeout(() => {
      for (const peer of awaited) {
        if (!peer.up && peers.atRow(peer.row) === peer)
          this.runtime.datapath.send({ kind: 'stations-forget', peer: peer.row });
      }
    }, AWAITED_MS).unref();
    setTimeout(() => this.runtime.off('peer', heard), EXPECTED_MS).unref();
  }

  private peerChanged(peer: PeerEntry): void {
    if (!peer.up || this.told.has(peer)) return;
    this.told.add(peer);
    this.send(keyOf(peer), peer.row);
    this.sendMulticast();
    // It forgot our stations when the daemon before this one said goodbye.
    if (this.hasOwn) this.runtime.datapath.send({ kind: 'announce', peer: peer.row, isAgain: false });
  }

  /** Again with each peer that comes: behind it are hosts to be asked. */
  private sendMulticast(): void {
    const known = knownMulticast(this.runtime, this.multicast, this.nowUs());
    if (known.queriers.length > 0 || known.routers.length > 0)
      this.runtime.datapath.send({ kind: 'multicast-recall', known });
  }

  /** Sends what waits under a key; false when nothing does. */
  private send(key: string | null, port: number): boolean {
    const stations = this.waiting.get(key);
    if (stations === undefined) return false;
    this.waiting.delete(key);
    this.runtime.datapath.send({ kind: 'stations', stations: knownStations(stations, port) });
    return true;
  }
}

/** Where peers of the configuration were found, other than it says. Clients call us. */
function endsOf({ peers }: InterfaceRuntime): KeptEnd[] {
  return [...peers.values()].flatMap((peer) => {
    const key = keyOf(peer);
    if (key === null || peer.client !== null) return [];
    return peer.links
      .values()
      .filter(({ isLearned, otherPath }) => isLearned && otherPath !== null)
      .map(({ config, otherPath }) => ({ key, link: config.id, words: otherPath ?? [] }));
  });
}

/** Has links go where their peers were found, and the peers called there at once. */
function recallEnds({ peers, datapath, handshakes }: InterfaceRuntime, ends: readonly KeptEnd[]): void {
  if (ends.length === 0) return;
  const byKey = new Map([...peers.values()].map((peer) => [keyOf(peer), peer]));
  const called = new Set<PeerEntry>();
  for (const { key, link: id, words } of ends) {
    const peer = byKey.get(key);
    const link = peer?.links.get(id);
    if (peer === undefined || link === undefined) continue;
    datapath.send({ kind: 'found-before', row: link.row, words });
    called.add(peer);
  }
  for (const peer of called) handshakes.restart(peer.row);
}

function knownStations(stations: KeptStation[], port: number): KnownStations {
  const words = new Int32Array(stations.length * STATION.WORDS);
  stations.sort((a, b) => a.heardUs - b.heardUs);
  stations.forEach(({ vlan, high, low }, index) => {
    words.set([port, (vlan << 16) | high, low], index * STATION.WORDS);
  });
  return { words, heardUs: Float64Array.from(stations, ({ heardUs }) => heardUs) };
}

/** What the switch has learned, as far as it stands in the first `MOST_STATIONS` rows of its table. */
async function stationsOf(runtime: InterfaceRuntime, nowUs: number): Promise<KeptStation[]> {
  const wanted = { vlan: null, port: null, isStatic: false };
  const stations: KeptStation[] = [];
  for (let row = 0; row >= 0 && row < MOST_STATIONS; ) {
    const stretch = await runtime.datapath.macTable(row, ROWS_AT_ONCE, wanted);
    for (const one of stretch?.rows ?? []) {
      const key = placeOfPort(runtime, one);
      if (key !== undefined) stations.push({ ...one, key, heardUs: nowUs - one.ageUs });
    }
    row = stretch?.next ?? -1;
  }
  return stations;
}

/** The key of the peer behind which a station is; undefined: it has gone. */
function placeOfPort({ peers }: InterfaceRuntime, { port }: MacRow): string | null | undefined {
  if (port === PORT.TAP) return null;
  const peer = peers.atRow(port);
  return peer === undefined ? undefined : (keyOf(peer) ?? undefined);
}

function keyOf({ config: { publicKey } }: PeerEntry): string | null {
  return publicKey ?? null;
}

function placeOf({ tap, config }: InterfaceRuntime): StationPlace {
  return { boot: bootId(), tap: tap.ifindex, config: renderConfig({ interfaces: [config] }) };
}

function readFile(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    return ifAbsent(error as NodeJS.ErrnoException);
  }
}
