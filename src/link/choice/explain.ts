/**
 * Why a peer's frames take the link they take, in words with numbers. Reads what the selection decided by and decides
 * nothing itself.
 */

import type { Policy } from '../../api/config.js';
import { RULE_NAMES, STANDING_NAMES } from '../../api/explain.js';
import { LINK_STATES } from '../../api/link-states.js';
import type { LinkExplanation, PeerExplanation } from '../../contract/answers.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable, POLICY } from '../../state/peers.js';
import { MAX_LINKS } from '../../wire/header.js';
import { costOf, lossOutOf } from './cost.js';
import type { Deciders } from './deciders.js';
import { GREY, type GreyWatch } from './grey.js';
import { BETTER_FOR_US, RULE, STANDING } from './selection.js';

/** Explains the decision that is in force for a peer. */
export function explainPeer(deciders: Deciders, peer: number, now: number): PeerExplanation {
  const { peers, links, selection } = deciders;
  const chosen = peers.activeLink[peer];
  const rows = [...Array(MAX_LINKS).keys()].map((id) => peers.linkOf(peer, id)).filter((row) => row >= 0);
  return {
    policy: policyName(peers.policy[peer]),
    link: chosen < 0 ? null : links.id[chosen],
    rule: RULE_NAMES[selection.rule[peer]],
    because: decision(deciders, peer),
    sinceUs: chosen < 0 ? null : now - selection.since[peer],
    links: rows.map((row) => explainLink(deciders, peer, row, now)),
  };
}

function explainLink(deciders: Deciders, peer: number, row: number, now: number): LinkExplanation {
  const { peers, links, selection } = deciders;
  const isMeasured = links.rttSmoothed[row] > 0;
  const measured = (value: number): number | null => (isMeasured ? Math.round(value) : null);
  const carries = carriersOf(peers, peer).includes(links.id[row]);
  return {
    link: links.id[row],
    state: LINK_STATES[links.state[row]],
    standing: STANDING_NAMES[selection.standingOf(row)],
    carries,
    sharePercent: carries ? shareOf(peers, peer) : 0,
    priority: links.priority[row],
    rttUs: measured(links.rttSmoothed[row]),
    jitterUs: measured(links.jitter[row]),
    lossOutPermille: measured(lossOutOf(links, row)),
    costUs: measured(costOf(links, row)),
    because: reason(deciders, peer, row, now),
  };
}

/** Ids of the links by which the policy sends frames. */
function carriersOf(peers: PeerTable, peer: number): number[] {
  return idsOf(peers, peer).filter(
    (id) => peers.policy[peer] !== POLICY.passive || peers.linkOf(peer, id) === peers.activeLink[peer],
  );
}

function idsOf(peers: PeerTable, peer: number): number[] {
  return [...Array(MAX_LINKS).keys()].filter((id) => (peers.usable[peer] & (1 << id)) !== 0);
}

/** Frames of a hundred that a link which carries any takes; null where that is not fixed but follows the flows. */
function shareOf(peers: PeerTable, peer: number): number | null {
  switch (peers.policy[peer]) {
    case POLICY.adaptive:
      return null;
    case POLICY['round-robin']:
      return Math.round(100 / carriersOf(peers, peer).length);
    default:
      return 100;
  }
}

function policyName(number: number): Policy {
  return (Object.keys(POLICY) as Policy[]).find((name) => POLICY[name] === number) ?? 'passive';
}

function decision(deciders: Deciders, peer: number): string {
  const { peers } = deciders;
  if (peers.activeLink[peer] < 0) return 'no link is usable: frames wait for one';
  const carriers = carriersOf(peers, peer);
  if (peers.policy[peer] === POLICY.passive) return choice(deciders, peer);
  if (carriers.length === 1) return `link ${carriers[0]} is the only one that is usable`;
  const names = `links ${carriers.slice(0, -1).join(', ')} and ${carriers[carriers.length - 1]}`;
  switch (peers.policy[peer]) {
    case POLICY.active:
      return `every frame goes by ${names}; the first copy to arrive counts`;
    case POLICY['round-robin']:
      return `frames take turns on ${names}`;
    default:
      return `each flow takes the link that promises the earliest arrival, and bulk is spread, over ${names}`;
  }
}

function choice({ peers, links, selection }: Deciders, peer: number): string {
  const chosen = peers.activeLink[peer];
  const name = `link ${links.id[chosen]}`;
  switch (selection.rule[peer]) {
    case RULE.ONLY:
      return `${name} is the only one that is usable`;
    case RULE.STANDING:
      return `${name} is the only one that is ${STANDING_NAMES[selection.standingOf(chosen)]}`;
    case RULE.PRIORITY:
      return `${name} has the highest priority, ${links.priority[chosen]}`;
    case RULE.MEASURED:
      return `of several with priority ${links.priority[chosen]}, ${name} is the best measured: ${costs(links, chosen)}`;
    default:
      return `of several with priority ${links.priority[chosen]}, ${name} stays in use: no other is clearly better for long enough`;
  }
}

function reason(deciders: Deciders, peer: number, row: number, now: number): string {
  const { peers, links, selection, grey, damping } = deciders;
  const chosen = peers.activeLink[peer];
  if (carriersOf(peers, peer).includes(links.id[row])) return task(deciders, peer, row);
  switch (selection.standingOf(row)) {
    case STANDING.UNUSABLE:
      return `${LINK_STATES[links.state[row]]}${outranks(deciders, row, chosen) ? '; taken as soon as it is up' : ''}`;
    case STANDING.DRAINED:
      return 'drained by the operator: taken again when that ends, or when no other is usable';
    case STANDING.DAMPED:
      return `held back for ${seconds(damping.leftUs(row, now))} s if it stays up, or until no other is up`;
    case STANDING.GREY:
      return greyReason(links, grey, row, now);
    default:
  }
  if (peers.policy[peer] === POLICY.active) {
    return `stands by: copies go by the best ${peers.copies[peer]} links only`;
  }
  if (links.priority[row] < links.priority[chosen] && selection.standingOf(chosen) === STANDING.CLEAN) {
    return `stands by: priority ${links.priority[row]} is below ${links.priority[chosen]}`;
  }
  return challenge(deciders, peer, row, chosen, now);
}

/** What a link that carries frames does under the policy. */
function task({ peers, links, grey }: Deciders, peer: number, row: number): string {
  const count = carriersOf(peers, peer).length;
  const isGrey = grey.reasonOf(row) !== GREY.NO ? ', although it is grey' : '';
  switch (peers.policy[peer]) {
    case POLICY.active:
      return `carries a copy of every frame${isGrey}`;
    case POLICY['round-robin']:
      return count === 1 ? 'carries every frame' : `carries one frame in ${count}`;
    case POLICY.adaptive:
      return `carries the flows that it serves earliest, ${costs(links, row)}${isGrey}`;
    default:
      return 'taken';
  }
}

/** Whether a link that is not usable would be taken if it were. */
function outranks({ peers, links, selection }: Deciders, row: number, chosen: number): boolean {
  if (chosen === NO_LINK || selection.standingOf(chosen) < STANDING.CLEAN) return true;
  const policy = peers.policy[links.peer[row]];
  if (policy === POLICY['round-robin'] || policy === POLICY.adaptive) return true;
  return links.priority[row] > links.priority[chosen];
}

function greyReason(links: LinkTable, grey: GreyWatch, row: number, now: number): string {
  const limits = grey.settingsOf(row);
  const what =
    grey.reasonOf(row) === GREY.LOSS
      ? `it lost too much (now ${percent(lossOutOf(links, row))}, limit ${percent(limits?.lossPermille ?? 0)})`
      : `it was too slow (now ${milliseconds(links.rttSmoothed[row])} ms; limit ${milliseconds(limits?.delayUs ?? 0)} ms above the fastest)`;
  return `${what}: clean again after ${seconds(grey.returnLeftUs(row, now))} s below half of the limit`;
}

function challenge(
  { links, selection }: Deciders,
  peer: number,
  row: number,
  chosen: number,
  now: number,
): string {
  const compared = `${costs(links, row)} against ${costs(links, chosen)}`;
  if (selection.challenger[peer] !== row) return `stands by: not clearly better, ${compared}`;
  const waitUs = Math.max(
    selection.challengerSince[peer] + BETTER_FOR_US - now,
    selection.restUntil[peer] - now,
  );
  return `clearly better, ${compared}: taken in ${seconds(waitUs)} s if that lasts`;
}

function costs(links: LinkTable, row: number): string {
  if (links.rttSmoothed[row] === 0) return 'nothing measured yet';
  const loss = lossOutOf(links, row);
  const parts = [
    `RTT ${milliseconds(links.rttSmoothed[row])} ms`,
    `jitter ${milliseconds(links.jitter[row])} ms`,
  ];
  if (loss > 0) parts.push(`loss ${percent(loss)}`);
  return `cost ${milliseconds(costOf(links, row))} ms (${parts.join(', ')})`;
}

function percent(permille: number): string {
  return `${(permille / 10).toFixed(1)} %`;
}

function milliseconds(us: number): string {
  return (us / 1000).toFixed(1);
}

function seconds(us: number): number {
  return Math.max(0, Math.ceil(us / 1e6));
}
