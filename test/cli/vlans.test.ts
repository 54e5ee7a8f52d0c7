import { describe, expect, it } from 'vitest';
import { vlansText } from '../../src/cli/output/vlans.js';

describe('show vlan', () => {
  it('says which ports carry a VLAN, how, and how many MAC addresses are known', () => {
    expect(
      vlansText([
        { interface: 'octo0', vlan: 0, members: [{ peer: null, mode: 'transparent' }], clients: 0, macs: 2 },
        {
          interface: 'octo0',
          vlan: 10,
          members: [
            { peer: null, mode: 'transparent' },
            { peer: 'osaka', mode: 'untagged' },
            { peer: 'kyoto', mode: 'tagged' },
          ],
          clients: 12,
          macs: 134,
        },
      ]),
    ).toEqual([
      'VLAN  Interface  MACs  Ports',
      '   -  octo0         2  (this host):=',
      '  10  octo0       134  (this host):=, osaka:U, kyoto:T, 12 clients',
      '',
      'U: without a tag, T: tagged, =: as frames come (transparent)',
    ]);
    expect(vlansText([])).toEqual(['No VLANs.']);
  });
});
