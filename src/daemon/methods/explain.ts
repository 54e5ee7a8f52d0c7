/** `explain peer` and `explain flows`. */
import { flowsExplained, peerExplained } from '../answers/explained.js';
import { RequestError } from '../base/request-errors.js';
import { type MethodTable, read } from './method.js';
import { onePeer } from './params.js';

export const EXPLAIN_METHODS = {
  'explain.peer': read(onePeer, async ({ find, histories, native }, params) => {
    const { runtime, peer } = find.peer(params);
    const answer = await runtime.datapath.explain(peer.row);
    if (answer === null) throw noDatapath(runtime.name);
    return peerExplained(runtime, peer, answer, histories, native.now());
  }),
  'explain.flows': read(onePeer, async ({ find }, params) => {
    const { runtime, peer } = find.peer(params);
    const answer = await runtime.datapath.explainFlows(peer.row);
    if (answer === null) throw noDatapath(runtime.name);
    return flowsExplained(runtime, peer, answer);
  }),
} satisfies Partial<MethodTable>;

function noDatapath(name: string): RequestError {
  return new RequestError(`the datapath of ${name} does not run`);
}
