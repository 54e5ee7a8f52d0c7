/**
 * What can be done to an underlay: packets lost in the middle, at random or all of them, and a limited rate.
 * Everything here is silent: no end sees its carrier or its interface change.
 */
import type { Attachment, UnderlayPlan } from './plan.js';
import { run } from './run.js';

export interface Impairment {
  /** `true`: nothing passes; a list: nothing passes between the hosts of each pair, by host index. */
  blackHole: boolean | [number, number][];
  /** Share of packets lost at random, in tenths of a percent, 0–1000. */
  lossPermille: number;
}

/** An underlay that passes everything. */
export const CLEAN: Impairment = { blackHole: false, lossPermille: 0 };

/** The rules of an impairment, in nftables' words; `ends` are the underlay's attachments. */
export function impairmentRules(impairment: Impairment, ends: Attachment[]): string[] {
  const rules: string[] = [];
  if (impairment.blackHole === true) {
    rules.push('counter drop');
  } else if (impairment.blackHole !== false) {
    const port = (index: number) => ends.find((end) => end.host.index === index)!.port;
    for (const [a, b] of impairment.blackHole) {
      rules.push(`iifname "${port(a)}" oifname "${port(b)}" counter drop`);
      rules.push(`iifname "${port(b)}" oifname "${port(a)}" counter drop`);
    }
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
    const rules = impairmentRules(impairment, ends);
    await setTable(underlay.namespace, 'bridge', [chain('cuts', 'hook forward', rules)]);
    return;
  }
  if (Array.isArray(impairment.blackHole)) throw new Error('a direct cable has only one pair: cut it whole');
  const rules = impairmentRules(impairment, ends);
  for (const end of ends) {
    const hook = `hook ingress device "${end.device}"`;
    await setTable(end.host.namespace, 'netdev', [chain(`cuts_${end.device}`, hook, rules)]);
  }
}

function chain(name: string, hook: string, rules: string[]): string {
  return `chain ${name} { type filter ${hook} priority 0; policy accept; ${rules.join('; ')}; }`;
}

/** Replaces the table `lab` in one transaction; naming it first lets the deletion succeed when it is new. */
async function setTable(namespace: string, family: string, chains: string[]): Promise<void> {
  const input =
    `table ${family} lab\ndelete table ${family} lab\n` + `table ${family} lab {\n${chains.join('\n')}\n}\n`;
  await run('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], { input });
}

/** Limits what an attachment sends to `mbit` per second, with at most 50 ms of queue. */
export async function limitRate(end: Attachment, mbit: number): Promise<void> {
  const burst = Math.max(32, Math.ceil(mbit / 8)); // KiB: a millisecond's worth, never less than two super-frames
  const shape = ['rate', `${mbit}mbit`, 'burst', `${burst}k`, 'latency', '50ms'];
  await run('tc', ['-n', end.host.namespace, 'qdisc', 'replace', 'dev', end.device, 'root', 'tbf', ...shape]);
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
