/** What tests in network namespaces share. */
import type { TestContext } from 'vitest';
import { capture } from '../../scripts/lab/run.js';

const machine = await import(new URL('../../../scripts/set-up/machine.mjs', import.meta.url).href);

/** Why no lab can be built here, or undefined. */
export const labProblem: string | undefined =
  machine.labProblem() ??
  ['ip', 'ping', 'nft', 'python3']
    .filter((name) => !machine.hasProgram(name))
    .map((name) => `${name} is not installed`)[0];

/** Skips a test, with the reason, where no lab can be built. */
export function needsLab(context: TestContext): void {
  if (labProblem) context.skip(labProblem);
}

/** Skips a test, with the reason, where no lab can be built, or the bench's traffic cannot be sent in it. */
export function needsIperf3(context: TestContext): void {
  needsLab(context);
  if (!machine.hasProgram('iperf3')) context.skip('iperf3 is not installed');
}

/** Says once why the tests of a file are skipped. */
if (labProblem) console.log(`skipped: ${labProblem}`);

/**
 * How many of `count` pings from inside a namespace are answered. This asks whether a target can be reached; what a
 * cut or a move loses is counted by `Flood`. A round that is not complete is reported and tried once more.
 */
export async function answered(namespace: string, target: string, count = 3): Promise<number> {
  const first = await pingRound(namespace, target, count);
  if (first === 0 || first === count) return first;
  console.log(`${first} of ${count} pings to ${target} were answered; asked again`);
  return pingRound(namespace, target, count);
}

/** How many of one round of pings are answered, whatever that says. */
export async function pingRound(namespace: string, target: string, count: number): Promise<number> {
  const ping = ['ping', '-q', '-c', String(count), '-i', '0.002', '-W', '2', target];
  const { stdout } = await capture('ip', ['netns', 'exec', namespace, ...ping]);
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
}

/** Whether a single ping of `size` bytes that must not be cut arrives whole. */
export async function carries(namespace: string, target: string, size: number): Promise<boolean> {
  const ping = ['ping', '-q', '-n', '-c', '1', '-W', '2', '-M', 'do', '-s', String(size), target];
  return (await capture('ip', ['netns', 'exec', namespace, ...ping])).code === 0;
}
