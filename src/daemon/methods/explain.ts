/** `explain peer` and `explain flows`. */
import { flowsExplained, peerExplained } from '../answers/explained.js';
import { listedPeers } from '../answers/listed-peers.js';
import { RequestError } from '../base/request-errors.js';
import type { FoundPeer } from '../interfaces/finder.js';
import { type DaemonParts, type MethodTable, read } from './method.js';
import { onePeer } from './params.js';

export const EXPLAIN_METHODS = {
  'explain.peer': read(onePeer, async (context, params) => {
    const { runtime, peer } = runningPeer(context, params);
    const { histories, native } = context;
    const answer = await runtime.datapath.explain(peer.row);
    if (answer === null) throw noDatapath(runtime.name);
    return peerExplained(runtime, peer, answer, histories, native.now());
  }),
  'explain.flows': read(onePeer, async (context, params) => {
    const { runtime, peer } = runningPeer(context, params);
    const answer = await runtime.datapath.explainFlows(peer.row);
    if (answer === null) throw noDatapath(runtime.name);
    return flowsExplained(runtime, peer, answer);
  }),
} satisfies Partial<MethodTable>;

function runningPeer(parts: DaemonParts, params: { peer: string; interface?: string }): FoundPeer {
  const listed = listedPeers(parts, params);
  const isDown = listed.every((peer) => parts.find.interface(peer.interface) === undefined);
  if (isDown) throw new RequestError(`peer ${params.peer} is down: ${listed[0].status().advice}`);
  return parts.find.peer(params);
}

function noDatapath(name: string): RequestError {
  return new RequestError(`the datapath of ${name} does not run`);
}
