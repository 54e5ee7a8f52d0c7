/**
 * What can be done to an underlay: losing packets in the middle, at random or all of them, and limiting the rate.
 * Everything here is silent: no end sees its carrier or its interface change.
 */
import { carryOut, type Order } from './armed.js';
import type { Attachment, UnderlayPlan } from './plan.js';
import { run } from './run.js';

export interface Impairment {
  /** `true`: nothing passes; a list: nothing passes between the hosts of each pair, by host index. */
  blackHole: boolean | [number, number][];
  /** From which host to which nothing passes, while the opposite direction works. */
  oneWay?: [number, number];
  /** Share of packets lost at random, in tenths of a percent, 0–1000. */
  lossPermille: number;
}

/** An underlay that passes everything. */
export const CLEAN: Impairment = { blackHole: false, lossPermille: 0 };

/** The rules of an impairment, in the syntax of nftables; `ends` are the underlay's attachments. */
export function impairmentRules(impairment: Impairment, ends: Attachment[]): string[] {
  const rules: string[] = [];
  const port = (index: number) => ends.find((end) => end.host.index === index)!.port;
  if (impairment.blackHole === true) {
    rules.push('counter drop');
  } else if (impairment.blackHole !== false) {
    for (const [a, b] of impairment.blackHole) {
      rules.push(`iifname "${port(a)}" oifname "${port(b)}" counter drop`);
      rules.push(`iifname "${port(b)}" oifname "${port(a)}" counter drop`);
    }
  }
  if (impairment.oneWay !== undefined) {
    const [from, to] = impairment.oneWay;
    rules.push(`iifname "${port(from)}" oifname "${port(to)}" counter drop`);
  }
  if (impairment.lossPermille > 0) {
    rules.push(`numgen random mod 1000 < ${impairment.lossPermille} counter drop`);
  }
  return rules;
}

/**
 * Sets an underlay's impairment, replacing what was set before. A bridged underlay drops where its bridge
 * forwards; a direct cable drops where each of its ends receives, since nothing stands between them.
 */
export async function impair(
  underlay: UnderlayPlan,
  ends: Attachment[],
  impairment: Impairment,
): Promise<void> {
  if (underlay.namespace !== undefined) {
    await carryOut(impairmentOrder(underlay.namespace, ends, impairment));
    return;
  }
  if (Array.isArray(impairment.blackHole) || impairment.oneWay !== undefined) {
    throw new Error('a direct cable has only one pair: cut it completely');
  }
  for (const end of ends) await carryOut(deviceOrder(end, impairmentRules(impairment, ends)));
}

/** What sets the impairment of a bridged underlay, given the namespace of its bridge. */
export function impairmentOrder(namespace: string, ends: Attachment[], impairment: Impairment): Order {
  return tableOrder(namespace, 'bridge', chain('cuts', 'hook forward', impairmentRules(impairment, ends)));
}

/** What makes one end apply rules to everything it receives. */
export function deviceOrder(end: Attachment, rules: string[]): Order {
  const hook = `hook ingress device "${end.device}"`;
  return tableOrder(end.host.namespace, 'netdev', chain(`cuts_${end.device}`, hook, rules));
}

function chain(name: string, hook: string, rules: string[]): string {
  return `chain ${name} { type filter ${hook} priority 0; policy accept; ${rules.join('; ')}; }`;
}

/** Replaces the table `lab` in one transaction; naming it first lets the deletion succeed when it is new. */
function tableOrder(namespace: string, family: string, chainText: string): Order {
  const table = `table ${family} lab`;
  return { namespace, program: 'nft', lines: [table, `delete ${table}`, `${table} {`, chainText, '}'] };
}

/** What limits the sending of an attachment to `mbit` per second, with at most 50 ms of queue. */
export function rateOrder(end: Attachment, mbit: number): Order {
  const burst = Math.max(32, Math.ceil(mbit / 8)); // KiB: a millisecond's worth, never less than two super-frames
  const line = `qdisc replace dev ${end.device} root tbf rate ${mbit}mbit burst ${burst}k latency 50ms`;
  return { namespace: end.host.namespace, program: 'tc', lines: [line] };
}

/** What takes the limit away. */
export function fullRateOrder(end: Attachment): Order {
  return { namespace: end.host.namespace, program: 'tc', lines: [`qdisc del dev ${end.device} root`] };
}

/**
 * Turns segmentation offload of these devices on or off. Off, every packet travels alone, so that a loss
 * takes one packet and not a train of them.
 */
export async function setSegmentation(ends: Attachment[], state: 'on' | 'off'): Promise<void> {
  for (const end of ends) {
    const features = ['tso', 'gso', 'gro', 'tx-udp-segmentation'].flatMap((feature) => [feature, state]);
    await run('ip', ['netns', 'exec', end.host.namespace, 'ethtool', '-K', end.device, ...features]);
  }
}
