/** A VXLAN between the two hosts of a bench, inside what is measured. */
import type { Lab } from '../scripts/lab/lab.js';
import type { Bed } from './measure.js';

const DEVICE = 'bench-vxlan';
const ADDRESSES = ['198.18.77.1', '198.18.77.2'];
/** Outer Ethernet, IPv4, UDP and VXLAN headers (RFC 7348). */
const OVERHEAD = 50;

/** What `ip -j route get` says that is used here. */
interface RouteAnswer {
  dev: string;
  prefsrc: string;
}

/** Runs `run` with the far host's address inside a VXLAN as the target; the VXLAN is removed afterwards. */
export async function inVxlan<T>(bed: Bed, run: (inner: Bed) => Promise<T>): Promise<T> {
  const { lab, target } = bed;
  const [{ dev, prefsrc }] = JSON.parse(
    await lab.run(1, 'ip', ['-j', 'route', 'get', target]),
  ) as RouteAnswer[];
  const mtu = Number(await lab.run(1, 'cat', [`/sys/class/net/${dev}/mtu`])) - OVERHEAD;
  await add(lab, 1, target, mtu);
  await add(lab, 2, prefsrc, mtu);
  try {
    return await run({ ...bed, target: ADDRESSES[1] });
  } finally {
    for (const host of [1, 2]) await lab.run(host, 'ip', ['link', 'del', DEVICE]);
  }
}

async function add(lab: Lab, host: number, remote: string, mtu: number): Promise<void> {
  const ip = (line: string) => lab.run(host, 'ip', line.split(' '));
  await ip(`link add ${DEVICE} mtu ${mtu} type vxlan id 77 dstport 4789 remote ${remote}`);
  await ip(`address add ${ADDRESSES[host - 1]}/24 dev ${DEVICE}`);
  await ip(`link set ${DEVICE} up`);
}
