/** What an interface dropped, by reason, with who was the last to cause it. */
import type { DropCounter } from '../../api/index.js';
import type { HandshakeReason } from '../../handshake/reasons.js';
import { formatPath } from '../interfaces/addresses.js';
import type { MemberReason } from '../interfaces/member-refusals.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { dropsByReason } from '../observe/counters.js';
import type { Histories } from '../observe/link-histories.js';

const HANDSHAKE = 'handshake/';
const MEMBER = 'member/';

/** Those above zero, without copies; or with `all` every one. */
export function dropCounters(
  runtime: InterfaceRuntime,
  histories: Histories,
  all: boolean,
): Omit<DropCounter, 'example'>[] {
  const { name } = runtime;
  return dropsByReason(runtime)
    .map(({ isCopy, ...drop }, index) => ({ isCopy, ...drop, index }))
    .filter(({ isCopy, count }) => all || (count > 0 && !isCopy))
    .map(({ reason, count, normal, help, index }) => {
      const now = histories.currentSecond;
      const last = count === 0 ? null : histories.drops.lastSecond(name, index, count, now);
      return {
        interface: name,
        reason,
        count,
        normal,
        ...lastSender(runtime, reason),
        lastSecondsAgo: last === null ? null : now - last,
        perSecond: histories.drops.perSecond(name, index),
        help,
      };
    });
}

/** Handshakes and members know who sent what was refused; the datapath counts without a name. */
function lastSender(runtime: InterfaceRuntime, reason: string): Pick<DropCounter, 'peer' | 'from'> {
  if (reason.startsWith(MEMBER)) {
    const peer = runtime.members.refusals.last(reason.slice(MEMBER.length) as MemberReason);
    return { peer, from: null };
  }
  const refusal = reason.startsWith(HANDSHAKE)
    ? runtime.handshakes.record.last(reason.slice(HANDSHAKE.length) as HandshakeReason)
    : null;
  if (refusal === null) return { peer: null, from: null };
  return {
    peer: refusal.peer === null ? null : (runtime.peers.atRow(refusal.peer)?.config.name ?? null),
    from: formatPath(refusal.path),
  };
}
