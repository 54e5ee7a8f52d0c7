/** Pings many times a second across the cuts, and how many are lost: what passes, passes always. */
import type { Bed } from './bed.js';
import type { Outcome } from './row.js';

const SIZE = 1_200;
const INTERVAL_S = 0.01;

/** Pings `target` from a host while nothing happens and across both cuts; fails if one ping is lost or answered twice. */
export async function flooded(bed: Bed, target: string, from = 1): Promise<Outcome> {
  const host = bed.host(from);
  await host.holds(`${target} to answer`, `ping -q -c 1 -W 1 ${target}`, 15_000);
  const calm = await host.sh(`ping -q -c 200 -i ${INTERVAL_S} -s ${SIZE} ${target}`);
  const ping = host.start('ping', `ping -q -i ${INTERVAL_S} -s ${SIZE} ${target}`);
  await bed.cutAll(1_500);
  // On SIGINT ping stops sending and prints; the last answers are there by then.
  await host.sh('pkill -INT -x ping');
  await ping.exit();
  return { without: said(calm, 'in peace'), cut: said(host.log('ping'), 'while a link was cut') };
}

function said(output: string, when: string): string {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
  // The last one may be on its way when ping is told to end.
  if (sent === undefined || Number(sent) - Number(received) > 1 || /duplicates/.test(output)) {
    throw new Error(`pings lost or doubled ${when}: ${output.trim().split('\n').slice(-2).join(' / ')}`);
  }
  return `0 of ${sent} pings lost`;
}
