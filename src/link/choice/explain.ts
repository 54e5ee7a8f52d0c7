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
  return {
    link: links.id[row],
    state: LINK_STATES[links.state[row]],
    standing: STANDING_NAMES[selection.standingOf(row)],
    carries:
      (peers.usable[peer] & (1 << links.id[row])) !== 0 &&
      (spreads(peers, peer) || row === peers.activeLink[peer]),
    priority: links.priority[row],
    rttUs: measured(links.rttSmoothed[row]),
    jitterUs: measured(links.jitter[row]),
    lossOutPermille: measured(lossOutOf(links, row)),
    costUs: measured(costOf(links, row)),
    because: reason(deciders, peer, row, now),
  };
}

/** Whether the policy uses more than the one link chosen. */
function spreads(peers: PeerTable, peer: number): boolean {
  return peers.policy[peer] !== POLICY.passive;
}

function policyName(number: number): Policy {
  return (Object.keys(POLICY) as Policy[]).find((name) => POLICY[name] === number) ?? 'passive';
}

function decision({ peers, links, selection }: Deciders, peer: number): string {
  const chosen = peers.activeLink[peer];
  if (chosen < 0) return 'no link is usable: frames wait for one';
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
  if (row === chosen) return 'taken';
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
  if (links.priority[row] < links.priority[chosen] && selection.standingOf(chosen) === STANDING.CLEAN) {
    return `stands by: priority ${links.priority[row]} is below ${links.priority[chosen]}`;
  }
  return challenge(deciders, peer, row, chosen, now);
}

/** Whether a link that is not usable would be taken if it were. */
function outranks({ links, selection }: Deciders, row: number, chosen: number): boolean {
  if (chosen === NO_LINK || selection.standingOf(chosen) < STANDING.CLEAN) return true;
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
