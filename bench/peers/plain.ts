/** The cable itself and the kernel's VXLAN over it: the limits in the clear. */
import type { Lab } from '../../scripts/lab/lab.js';
import { addressDevice, INNER_TARGET, outer, type Peer } from './peer.js';

/** Lays a VXLAN between two addresses, one a host. */
export async function addVxlan(lab: Lab, ends: [string, string], mtu?: number): Promise<void> {
  for (const host of [1, 2]) {
    const [local, remote] = host === 1 ? ends : [ends[1], ends[0]];
    const vxlan = ['type', 'vxlan', 'id', '7', 'dstport', '4789', 'local', local, 'remote', remote];
    await lab.run(host, 'ip', ['link', 'add', 'vx0', ...vxlan]);
  }
  await addressDevice(lab, 'vx0', mtu);
}

export const cable: Peer = {
  name: 'cable',
  title: 'veth, no VPN (the limit)',
  layer: null,
  encrypted: false,
  packages: [],
  programs: [],
  async start(lab) {
    return outer(lab, 2);
  },
};

export const vxlan: Peer = {
  name: 'vxlan',
  title: 'kernel VXLAN, in the clear',
  layer: 2,
  encrypted: false,
  packages: [],
  programs: [],
  async start(lab) {
    await addVxlan(lab, [outer(lab, 1), outer(lab, 2)]);
    return INNER_TARGET;
  },
};
