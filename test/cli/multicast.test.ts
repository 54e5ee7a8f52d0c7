import { describe, expect, it } from 'vitest';
import type { MulticastStatus } from '../../src/api/index.js';
import { multicastText } from '../../src/cli/output/multicast.js';

const STATUS: MulticastStatus = {
  interface: 'octo0',
  snooping: true,
  unregistered: 'flood',
  fastLeave: false,
  querierInterval: 125,
  queriers: [
    {
      vlan: 0,
      family: 'ipv4',
      address: '10.0.0.1',
      port: 'peer',
      peer: 'osaka',
      settled: true,
      expiresSeconds: 200,
    },
  ],
  routerPorts: [{ peer: 'osaka', families: ['ipv4'], static: false }],
  unsettled: [],
  groups: [
    {
      vlan: 0,
      group: '239.1.2.3',
      members: [
        { peer: null, expiresSeconds: 65 },
        { peer: 'kyoto', expiresSeconds: 5 },
      ],
    },
  ],
};

describe('show multicast', () => {
  it('says who asks, where routers are, and which ports want a group', () => {
    expect(multicastText([STATUS])).toEqual([
      'Multicast on octo0: to the ports that want it',
      '  Groups that nobody wants go to all ports',
      '  This switch asks every 125 s while nobody else does',
      '  Querier for ipv4: 10.0.0.1 at osaka',
      '  Router at osaka (ipv4)',
      '  VLAN  Group      Port    Expires',
      '  -     239.1.2.3  TAP    00:01:05',
      '  -     239.1.2.3  kyoto  00:00:05',
    ]);
  });

  it('says that multicast goes everywhere, and why', () => {
    const [first] = multicastText([{ ...STATUS, queriers: [], groups: [] }]);
    expect(first).toBe(
      'Multicast on octo0: to all ports, for want of a querier whose questions were answered',
    );
    expect(multicastText([{ ...STATUS, snooping: false }])).toEqual([
      'Multicast on octo0: to all ports, snooping is off',
    ]);
  });
});
