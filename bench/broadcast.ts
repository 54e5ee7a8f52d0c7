/**
 * Broadcast in a full mesh: one host sends, all others must get one copy of each frame. How many frames a second pass without
 * a loss, and the processor time of all daemons together for one.
 */
import type { Lab } from '../scripts/lab/lab.js';
import type { LabProcess } from '../scripts/lab/process.js';
import type { Figure, Figures } from './figures.js';
import { losslessRate } from './lossless.js';
import { type Offer, paced, type Trial } from './paced.js';
import { spentMs } from './process.js';

/** Hosts of the mesh. */
export const MESH_HOSTS = 8;
/** Common to all hosts but the sender, who knows the broadcast address of Ethernet as that of its station. */
const EVERYBODY = '198.18.77.255';
const BYTES = 64;
/** Frames a second: so few that a busy machine carries them all. */
const STEADY_RATE = 1_000;
/** Where the search for the lossless rate begins, and how long a trial takes. */
const FIRST_RATE = 4_000;
const TRIAL_SECONDS = 1;

/** A mesh that is up. */
export interface MeshBed {
  lab: Lab;
  /** Device of the VPN. */
  device: string;
  daemons: readonly LabProcess[];
  /** Length of a run at the steady rate. */
  seconds: number;
}

/**
 * Takes the wanted figures of a mesh.
 * @throws Error when a host gets a frame twice.
 */
export async function measureBroadcast(bed: MeshBed, wanted: ReadonlySet<Figure>): Promise<Figures> {
  await addressEverybody(bed);
  const figures: Figures = {};
  if (wanted.has('cpubroadcast')) {
    const before = spentMs(bed.daemons);
    const { count } = await offer(bed.lab, { bytes: BYTES, rate: STEADY_RATE, seconds: bed.seconds });
    figures.cpubroadcast = (1000 * (spentMs(bed.daemons) - before)) / count;
  }
  if (wanted.has('broadcast')) {
    const trial = (rate: number) => offer(bed.lab, { bytes: BYTES, rate, seconds: TRIAL_SECONDS });
    const rate = await losslessRate(trial, FIRST_RATE);
    if (rate !== undefined) figures.broadcast = rate / 1000;
  }
  await forgetEverybody(bed);
  return figures;
}

/** A datagram to a station whose address is the broadcast address: the sender needs no right to broadcast. */
async function addressEverybody({ lab, device }: MeshBed): Promise<void> {
  const station = ['lladdr', 'ff:ff:ff:ff:ff:ff', 'nud', 'permanent', 'dev', device];
  await lab.run(1, 'ip', ['neigh', 'replace', EVERYBODY, ...station]);
  await lab.run(1, 'ip', ['route', 'replace', EVERYBODY, 'dev', device]);
  for (const { index } of lab.hosts.slice(1))
    await lab.run(index, 'ip', ['addr', 'replace', `${EVERYBODY}/32`, 'dev', device]);
}

async function forgetEverybody({ lab, device }: MeshBed): Promise<void> {
  await lab.run(1, 'ip', ['route', 'del', EVERYBODY, 'dev', device]);
  for (const { index } of lab.hosts.slice(1))
    await lab.run(index, 'ip', ['addr', 'del', `${EVERYBODY}/32`, 'dev', device]);
}

async function offer(lab: Lab, what: Offer): Promise<Trial> {
  const others = lab.hosts.slice(1).map(({ index }) => index);
  const trial = await paced(lab, EVERYBODY, what, others);
  if (trial.duplicated > 0) throw new Error(`${trial.duplicated} copies of broadcast frames came twice`);
  return trial;
}
