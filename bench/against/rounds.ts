/**
 * Rounds in which two builds run in the same hosts at the same time, each with its own tunnel, and are measured in turn,
 * so that changes in the load of the machine affect both.
 */
import { Lab } from '../../scripts/lab/lab.js';
import type { LabSpec } from '../../scripts/lab/plan.js';
import { MESH_HOSTS, measureBroadcast } from '../broadcast.js';
import { type Figure, type Figures, MESH_FIGURES, wantedOf } from '../figures.js';
import { runsFor } from '../runs.js';
import { IDLE_FIGURES, IDLE_HOSTS, measureIdle } from './idle.js';
import type { Round } from './ratios.js';
import type { Build } from './revision.js';
import { deviceOf, type Slot, startTunnel, type Tunnel } from './tunnel.js';

/** One for the old and one for the new build, in this order. */
type Pair<T> = [T, T];

export interface Contest {
  builds: Pair<Build>;
  figures: ReadonlySet<Figure>;
  /** Length of one run. */
  seconds: number;
  /** Between each two hosts. */
  links: number;
  /** Receives a sentence for every run that fails; its figures are left out. */
  failed(why: string): void;
}

/** Measures both builds once. Which one goes first alternates between runs and between rounds. */
export async function measureRound(contest: Contest, round: number): Promise<Round> {
  const figures: Pair<Figures> = [{}, {}];
  await measureBusy(contest, round, figures);
  if (IDLE_FIGURES.some((figure) => contest.figures.has(figure))) {
    await withTunnels(contest, bridged(contest, IDLE_HOSTS), round, async (_lab, tunnels) => {
      const idle = await measureIdle(tunnels, contest.seconds);
      for (const slot of orderOf(round)) Object.assign(figures[slot], idle[slot]);
    });
  }
  if (MESH_FIGURES.some((figure) => contest.figures.has(figure)))
    await measureMeshes(contest, round, figures);
  const [older, newer] = figures.map((all) => wantedOf(all, contest.figures));
  return { old: older, new: newer };
}

async function measureBusy(contest: Contest, round: number, figures: Pair<Figures>): Promise<void> {
  const runs = runsFor(contest.figures);
  if (runs.length === 0) return;
  const { builds, seconds, links } = contest;
  const spec: LabSpec = { hosts: 2, underlays: Array(links).fill({ family: 4, direct: true }) };
  await withTunnels(contest, spec, round, async (lab, tunnels) => {
    for (const [i, run] of runs.entries()) {
      for (const slot of orderOf(round + i)) {
        const { target, daemons } = tunnels[slot];
        const programs = daemons.map(({ process }) => process);
        try {
          Object.assign(figures[slot], await run({ lab, target, seconds }, programs));
        } catch (error) {
          contest.failed(`${builds[slot].title} failed: ${(error as Error).message}`);
        }
      }
    }
  });
}

async function measureMeshes(contest: Contest, round: number, figures: Pair<Figures>): Promise<void> {
  const { figures: wanted, seconds } = contest;
  await withTunnels(contest, bridged(contest, MESH_HOSTS), round, async (lab, tunnels) => {
    for (const slot of orderOf(round)) {
      const daemons = tunnels[slot].daemons.map(({ process }) => process);
      const bed = { lab, device: deviceOf(slot), daemons, seconds };
      Object.assign(figures[slot], await measureBroadcast(bed, wanted));
    }
  });
}

function bridged({ links }: Contest, hosts: number): LabSpec {
  return { hosts, underlays: Array(links).fill({ family: 4 }) };
}

/** Runs `work` in a lab that has a tunnel of each build. A failure is reported, not thrown. */
async function withTunnels(
  { builds, failed }: Contest,
  spec: LabSpec,
  round: number,
  work: (lab: Lab, tunnels: Tunnel[]) => Promise<void>,
): Promise<void> {
  const lab = await Lab.build(spec);
  try {
    const tunnels: Tunnel[] = [];
    for (const slot of orderOf(round)) tunnels[slot] = await startTunnel(lab, builds[slot], slot);
    await work(lab, tunnels);
  } catch (error) {
    failed((error as Error).message);
  } finally {
    await lab.remove();
  }
}

function orderOf(turn: number): Pair<Slot> {
  return turn % 2 === 1 ? [0, 1] : [1, 0];
}
