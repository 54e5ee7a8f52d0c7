/** A change of a link in one line of words: what happened, and what was measured when it did. */
import type { LinkConfig } from '../../api/config.js';
import type { LinkCause, LinkFacts, LinkState } from '../../api/link-states.js';
import { LINK_CAUSE_TEXT } from '../base/causes.js';

/** For a change that nobody was there to measure. */
export const NOTHING_MEASURED: LinkFacts = {
  heardUsAgo: null,
  beatsMissed: 0,
  beatsHeard: 0,
  ownStallUs: 0,
  holdUs: 0,
  peerHearsUs: null,
  rttUs: null,
  jitterUs: null,
  lossOutPermille: null,
  lossInPermille: null,
  dampedUs: 0,
};

/** Causes that take effect at once, without a time of silence. */
const SUDDEN: ReadonlySet<LinkCause> = new Set(['carrier-lost', 'address-removed', 'send-error']);

/** What a link lacks, by its names: "waiting: interface wwan0 is not there". Null: the cause lacks nothing. */
export function describeLack(
  state: LinkState,
  cause: LinkCause,
  link: LinkConfig,
  tap: string,
): string | null {
  const { local, remote } = link;
  const device = local?.kind === 'interface' ? local.name : null;
  const zone = [local, remote].map((end) => (end?.kind === 'address' ? end.zone : undefined)).find(Boolean);
  const to =
    remote?.kind === 'address' ? remote.address : remote?.kind === 'name' ? remote.name : 'its remote end';
  switch (cause) {
    case 'interface-absent':
      return `${state}: interface ${device ?? zone ?? 'of its link-local address'} is not there`;
    case 'address-absent':
      return `${state}: this host does not have the address ${local?.kind === 'address' ? local.address : ''}`;
    case 'address-duplicate':
      return `${state}: another host has the address ${local?.kind === 'address' ? local.address : ''} as well`;
    case 'no-carrier':
      return `${state}: ${device ?? 'the interface that it leaves by'} has no carrier`;
    case 'no-route':
      return `${state}: there is no route to ${to}`;
    case 'recursive-route':
      return `${state}: recursive route, the route to ${to} leads into ${tap} itself`;
    default:
      return null;
  }
}

/**
 * For instance "down: 3 heartbeats missed, last heard 31 ms ago (hold 30 ms), the peer heard us until then". `error`: what the
 * kernel refused to send with.
 */
export function describeChange(
  state: LinkState,
  cause: LinkCause,
  facts: LinkFacts,
  error: string | null = null,
): string {
  const parts = [LINK_CAUSE_TEXT[cause] + (error === null ? '' : ` (${error})`)];
  if (cause === 'hold-time-expired') parts.splice(0, 1, ...silence(facts));
  else if (SUDDEN.has(cause) || cause === 'peer-reported-down') parts.push(...lastHeard(facts));
  else if (cause === 'peer-does-not-hear-us') parts.push('it is heard by us');
  else if (cause === 'beats-heard') parts.splice(0, 1, beatsHeard(facts));
  if (cause === 'hold-time-expired' && facts.peerHearsUs !== null) {
    parts.push(facts.peerHearsUs ? 'the peer heard us until then' : 'the peer did not hear us either');
  }
  if (facts.ownStallUs > 0 && cause === 'hold-time-expired') {
    parts.push(`${milliseconds(facts.ownStallUs)} ms of that were our own thread's delay and do not count`);
  }
  if (state === 'up' || state === 'damped') parts.push(...measurements(facts));
  const held = state === 'damped' ? ` for ${Math.ceil(facts.dampedUs / 1e6)} s` : '';
  return `${state}${held}: ${parts.join(', ')}`;
}

function silence(facts: LinkFacts): string[] {
  const missed = facts.beatsMissed === 1 ? '1 heartbeat missed' : `${facts.beatsMissed} heartbeats missed`;
  const hold = ` (hold ${milliseconds(facts.holdUs)} ms)`;
  return [missed, ...lastHeard(facts).map((text) => text + hold)];
}

function lastHeard({ heardUsAgo }: LinkFacts): string[] {
  return heardUsAgo === null ? [] : [`last heard ${milliseconds(heardUsAgo)} ms ago`];
}

function beatsHeard({ beatsHeard: count, peerHearsUs }: LinkFacts): string {
  const beats = count === 1 ? '1 heartbeat heard' : `${count} heartbeats heard`;
  return peerHearsUs === false ? `${beats}, the peer does not hear us yet` : beats;
}

function measurements({ rttUs, lossOutPermille, lossInPermille }: LinkFacts): string[] {
  const parts: string[] = [];
  if (rttUs !== null) parts.push(`RTT ${milliseconds(rttUs)} ms`);
  if (lossOutPermille || lossInPermille) {
    parts.push(`loss out ${(lossOutPermille ?? 0) / 10} %, in ${(lossInPermille ?? 0) / 10} %`);
  }
  return parts;
}

function milliseconds(us: number): string {
  const ms = us / 1000;
  return ms >= 10 ? ms.toFixed(0) : ms.toFixed(1);
}
