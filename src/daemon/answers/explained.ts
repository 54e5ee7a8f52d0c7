/** `explain peer` and `explain flows`: the datapath's account of its decisions, with the names of the configuration. */
import type { FlowExplained, FlowsExplained, PeerExplained } from '../../api/index.js';
import { effectivePolicy } from '../../config/defaults.js';
import type { FlowExplanation, FlowsExplanation, PeerExplanation } from '../../contract/answers.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../switch/frame.js';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../switch/headers.js';
import { formatAddress, formatMacBytes } from '../interfaces/addresses.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import type { Histories } from '../observe/link-histories.js';
import { diagnose } from './peer-diagnosis.js';
import { seconds } from './peer-status.js';

/** What was sent in this time tells the shares of links that are not fixed by the policy. */
const SHARE_SECONDS = 10;

export function peerExplained(
  runtime: InterfaceRuntime,
  peer: PeerEntry,
  explanation: PeerExplanation,
  histories: Histories,
  nowUs: number,
): PeerExplained {
  const { name } = runtime;
  const { links, sinceUs, ...decision } = explanation;
  const sent = (link: number): number =>
    (
      histories
        .of(name, peer.config.name, link)
        ?.seconds('sentBytesPerSecond', histories.currentSecond - 1, SHARE_SECONDS) ?? []
    )
      .filter((rate) => !Number.isNaN(rate))
      .reduce((sum, rate) => sum + rate, 0);
  const total = links.filter(({ carries }) => carries).reduce((sum, { link }) => sum + sent(link), 0);
  const measured = (link: number): number | null =>
    total > 0 ? Math.round((100 * sent(link)) / total) : null;
  return {
    peer: peer.config.name,
    interface: name,
    ...decision,
    advice: diagnose(runtime, peer, nowUs)?.advice ?? null,
    sinceSeconds: sinceUs === null ? null : seconds(sinceUs),
    links: links.map((link) => ({
      ...link,
      sharePercent: link.sharePercent ?? measured(link.link),
      description: peer.links.get(link.link)?.config.description ?? null,
    })),
  };
}

export function flowsExplained(
  runtime: InterfaceRuntime,
  peer: PeerEntry,
  explanation: FlowsExplanation,
): FlowsExplained {
  return {
    peer: peer.config.name,
    interface: runtime.name,
    policy: effectivePolicy(runtime.config, peer.config),
    laneLinks: explanation.lane,
    flows: explanation.flows.map(flowExplained),
  };
}

const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  [PROTOCOL_TCP]: 'tcp',
  [PROTOCOL_UDP]: 'udp',
  58: 'icmpv6',
};

function flowExplained(flow: FlowExplanation): FlowExplained {
  const isIp = flow.etherType === ETHERTYPE_IPV4 || flow.etherType === ETHERTYPE_IPV6;
  const hasPorts = flow.sourcePort !== 0 || flow.destinationPort !== 0;
  return {
    source: addressOf(flow.source, flow.etherType),
    destination: addressOf(flow.destination, flow.etherType),
    protocol: isIp
      ? (PROTOCOLS[flow.protocol] ?? `ip ${flow.protocol}`)
      : `ethertype 0x${flow.etherType.toString(16).padStart(4, '0')}`,
    sourcePort: hasPorts ? flow.sourcePort : null,
    destinationPort: hasPorts ? flow.destinationPort : null,
    link: flow.link,
    bytesPerSecond: flow.bytesPerSecond,
    secondsAgo: seconds(flow.seenUsAgo),
  };
}

function addressOf(words: readonly number[], etherType: number): string {
  const view = new DataView(new ArrayBuffer(16));
  words.forEach((word, index) => {
    view.setInt32(index * 4, word);
  });
  const bytes = new Uint8Array(view.buffer);
  if (etherType === ETHERTYPE_IPV6) return formatAddress(bytes);
  if (etherType === ETHERTYPE_IPV4) return formatAddress(bytes.subarray(0, 4));
  return formatMacBytes(bytes.subarray(2, 8));
}
