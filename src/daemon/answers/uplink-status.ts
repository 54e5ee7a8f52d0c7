/** Uplink groups with the names of their peers. */
import type { UplinkStatus } from '../../api/index.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { seconds } from './peer-status.js';

export async function uplinkStatus(runtime: InterfaceRuntime): Promise<UplinkStatus[]> {
  const groups = (await runtime.datapath.uplinks()) ?? [];
  const nameOf = (row: number): string | null => runtime.peers.atRow(row)?.config.name ?? null;
  return groups.map(({ group, active, ageUs, cause, moves, preemptUs, members }) => ({
    interface: runtime.name,
    group,
    active: nameOf(active),
    cause,
    activeSeconds: active < 0 ? null : seconds(ageUs),
    moves,
    preemptDelay: preemptUs === null ? null : preemptUs / 1e6,
    members: members.map(({ peer, priority, role }) => ({ peer: nameOf(peer) ?? '', priority, role })),
  }));
}
