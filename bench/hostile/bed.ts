/** Three hosts, two links between every two; the third host's key is used by a program that keeps no rule. */
import { fileURLToPath } from 'node:url';
import { hostFolder, Lab } from '../../scripts/lab/lab.js';
import { Mesh, PORT } from '../../scripts/lab/mesh.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import type { LoadName } from './loads.js';

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));
export const VICTIM = 1;
export const HOSTILE = 3;
const UNDERLAYS = [1, 2];
/** A port of the victim's at which nobody listens. */
export const CLOSED_PORT = PORT + 1;

export interface HostileBed {
  lab: Lab;
  mesh: Mesh;
}

/** Uses the three hosts, whose links are up, and removes them. */
export async function onBed<T>(use: (bed: HostileBed) => Promise<T>): Promise<T> {
  const lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 4 }] });
  try {
    const mesh = await Mesh.start(lab, { interfaceLines: ['relay'] });
    await mesh.waitUp(true);
    return await use({ lab, mesh });
  } finally {
    await lab.remove();
  }
}

/** A load of the third host, whose own daemon has ended. */
export interface Attack {
  load: LoadName;
  /** Messages a second. */
  rate: number;
  seconds: number;
  /** Of the victim; where the load goes after the handshake. Absent: its daemon's. */
  port?: number;
}

/** Starts a load and waits until it has begun; what it sent can be read from its output at the end. */
export async function startAttack(lab: Lab, attack: Attack): Promise<LabProcess> {
  const key = (host: number): string => `${hostFolder(lab, host)}/octo0.key`;
  const { load, rate, seconds, port = PORT } = attack;
  const ways = UNDERLAYS.flatMap((id) => [
    lab.attachment(HOSTILE, id).address,
    lab.attachment(VICTIM, id).address,
  ]);
  const args = [load, String(rate), String(seconds), String(port), key(HOSTILE), key(VICTIM), ...ways];
  const started = lab.start(HOSTILE, process.execPath, [PROGRAM, ...args]);
  await new Promise<void>((resolve, reject) => {
    started.output.once('data', () => resolve());
    started.output.once('end', () => reject(new Error(`${load}: the hostile peer got no session`)));
  });
  return started;
}

/** The bytes that an attack sent, once it has ended by itself. */
export async function sentBy(attack: LabProcess): Promise<number> {
  const said: string[] = [];
  attack.output.on('data', (data) => said.push(String(data)));
  await attack.exit();
  return JSON.parse(said.join('')).sentBytes;
}

/** Bytes that the victim has sent on the underlays. */
export async function sentByVictim(lab: Lab): Promise<number> {
  const files = UNDERLAYS.map(
    (id) => `/sys/class/net/${lab.attachment(VICTIM, id).device}/statistics/tx_bytes`,
  );
  const text = await lab.run(VICTIM, 'cat', files);
  return text
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
}
