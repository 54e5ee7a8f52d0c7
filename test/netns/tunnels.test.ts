/** VXLAN and Geneve of the kernel over the tunnel: its super-frames pass as such, and arrive unharmed. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import type { InterfaceStatus } from '../../src/api/index.js';
import { type Site, startSite, waitAllUp } from './node.js';
import { transfer } from './raw.js';
import { labProblem, needsLab } from './support.js';

const TRANSFER_BYTES = 8 << 20;
/** Frames of a transfer that went through the TAP one by one are shorter. */
const SUPER_FRAME_BYTES = 5000;

/** A tunnel inside the tunnel: its device, made from the far end's address, and the address family it runs over. */
const DEVICES: [string, (remote: string) => string, 4 | 6][] = [
  ['VXLAN with checksums', (remote) => `vxlan id 7 dstport 4789 remote ${remote} dev octo0 udpcsum`, 4],
  ['VXLAN without checksums', (remote) => `vxlan id 7 dstport 4789 remote ${remote} dev octo0 noudpcsum`, 4],
  ['VXLAN over IPv6', (remote) => `vxlan id 7 dstport 4789 remote ${remote} dev octo0`, 6],
  ['Geneve', (remote) => `geneve id 7 dstport 6081 remote ${remote}`, 4],
];

describe.each([
  ['every offload on', []],
  ['no offload tap-tunnel', ['no offload tap-tunnel']],
])('two hosts, %s', (_, lines) => {
  let lab: Lab;
  let site: Site;
  let isGranted = false;

  beforeAll(async () => {
    if (labProblem) return;
    lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });
    site = await startSite(lab, (host) => ({ interfaceLines: [...lines, `address fd77::${host}/64`] }));
    await waitAllUp(site, 1);
    const [{ offloads }] = await site.nodes[0].json<InterfaceStatus[]>('show interfaces');
    isGranted = offloads.granted.includes('tap-tunnel');
  });
  afterAll(async () => {
    await lab?.remove();
  });
  beforeEach(needsLab);

  async function addDevices(make: (remote: string) => string, family: 4 | 6): Promise<void> {
    for (const host of [1, 2]) {
      const remote = family === 4 ? lanAddress(3 - host) : `fd77::${3 - host}`;
      await lab.run(host, 'ip', `link add inner type ${make(remote)}`.split(' '));
      await lab.run(host, 'ip', `address add 192.0.2.${host}/24 dev inner`.split(' '));
      await lab.run(host, 'ip', 'link set inner up'.split(' '));
    }
  }

  async function hasGeneve(): Promise<boolean> {
    const added = lab.run(1, 'ip', [
      'link',
      'add',
      'inner',
      'type',
      'geneve',
      'id',
      '7',
      'remote',
      lanAddress(2),
    ]);
    return added.then(
      () => lab.run(1, 'ip', ['link', 'del', 'inner']).then(() => true),
      () => false,
    );
  }

  async function removeDevices(): Promise<void> {
    for (const host of [1, 2]) await lab.run(host, 'ip', ['link', 'del', 'inner']);
  }

  /** Bytes and frames that a host's TAP has given to the daemon. */
  async function fromTap(): Promise<{ bytes: number; frames: number }> {
    const stats = await lab.run(1, 'cat', [
      '/sys/class/net/octo0/statistics/tx_bytes',
      '/sys/class/net/octo0/statistics/tx_packets',
    ]);
    const [bytes, frames] = stats.trim().split('\n').map(Number);
    return { bytes, frames };
  }

  it.for(DEVICES)('carry a TCP stream inside %s unharmed', async ([name, make, family], context) => {
    if (name === 'Geneve' && !(await hasGeneve())) context.skip('this kernel has no Geneve');
    await addDevices(make, family);
    try {
      const before = await fromTap();
      const { sent, received } = await transfer(lab, 1, 2, '192.0.2.2', TRANSFER_BYTES);
      expect(received).toBe(sent);
      expect(received.split(' ')[0]).toBe(String(TRANSFER_BYTES));
      const after = await fromTap();
      const mean = (after.bytes - before.bytes) / (after.frames - before.frames);
      if (isGranted) expect(mean).toBeGreaterThan(SUPER_FRAME_BYTES);
    } finally {
      await removeDevices();
    }
  });
});
