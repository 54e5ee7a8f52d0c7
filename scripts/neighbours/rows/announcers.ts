/** Programs by which devices and clocks find each other. */
import { pause } from '../../lab/run.js';
import type { Bed } from '../bed.js';
import { holdsThroughCuts } from '../drill.js';
import type { Outcome, Row } from '../row.js';

async function lldp(bed: Bed): Promise<Outcome> {
  for (const index of [1, 2]) {
    const host = bed.host(index);
    await host.users('_lldpd');
    await host.sh('mkdir -p /run/lldpd');
    host.start('lldpd', 'lldpd -d -I octo0');
    await host.holds('lldpd', 'lldpcli configure lldp tx-interval 1 && lldpcli configure lldp tx-hold 3');
  }
  for (const index of [1, 2])
    await bed.host(index).holds('a neighbour', 'lldpcli show neighbors | grep -q SysName', 15_000);
  const ageouts = async () => {
    let sum = 0;
    for (const index of [1, 2]) {
      const said = await bed.host(index).sh('lldpcli show statistics');
      sum += Number(/Ageout:\s*(\d+)/.exec(said)?.[1] ?? 0);
    }
    return sum;
  };
  await holdsThroughCuts(bed, 'neighbours aged out', ageouts);
  return { without: 'both see each other', cut: 'none aged out (TTL 3 s); all links cut: aged out' };
}

/** `flags` for ptp4l beyond those that every row has. Both hosts have one clock, so the offset should be 0. */
async function ptp(bed: Bed, flags: string): Promise<Outcome> {
  const common = `ptp4l -i octo0 -S -m --summary_interval -4 --logSyncInterval -3 --free_running 1 --uds_address /run/ptp ${flags}`;
  bed.host(1).start('ptp', `${common} --priority1 10`);
  bed.host(2).start('ptp', `${common} -s`);
  await bed.host(2).says('ptp', /master offset\s+-?\d+/);
  await pause(2_000);
  const calm = worstOffset(bed, 0);
  const from = offsets(bed).length;
  await bed.cutAll();
  const cut = worstOffset(bed, from);
  if (/ANNOUNCE_RECEIPT_TIMEOUT/.test(bed.host(2).log('ptp').split('master offset').slice(1).join(''))) {
    throw new Error('the master was given up');
  }
  return { without: `offset at most ${calm} µs`, cut: `offset at most ${cut} µs, master kept` };
}

function offsets(bed: Bed): number[] {
  return [
    ...bed
      .host(2)
      .log('ptp')
      .matchAll(/master offset\s+(-?\d+)/g),
  ].map(([, ns]) => Math.abs(Number(ns)) / 1_000);
}

function worstOffset(bed: Bed, from: number): string {
  const found = offsets(bed).slice(from);
  if (found.length === 0) throw new Error('the clock was not compared');
  return Math.max(...found).toFixed(0);
}

export const ANNOUNCERS: Row[] = [
  {
    name: 'lldpd',
    program: 'lldpd',
    packages: ['lldpd'],
    asked: 'LLDP every second, TTL 3 s',
    know: 'Needs `forward reserved lldp` at every host; `-I octo0` keeps lldpd off the underlay.',
    interfaceLines: ['forward reserved lldp'],
    run: lldp,
  },
  {
    name: 'ptp4l-e2e',
    program: 'ptp4l',
    packages: ['linuxptp'],
    asked: 'PTP over UDP, end to end, software timestamps',
    know: 'A clock over a tunnel is as good as the symmetry of the path in use, and steps when that changes.',
    run: (bed) => ptp(bed, '-E -4'),
  },
  {
    name: 'ptp4l-p2p',
    program: 'ptp4l',
    packages: ['linuxptp'],
    asked: 'PTP over Ethernet with peer delay',
    know: 'Needs `forward reserved ptp` at every host.',
    interfaceLines: ['forward reserved ptp'],
    run: (bed) => ptp(bed, '-P -2'),
  },
];
