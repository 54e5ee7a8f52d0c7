import { describe, expect, it } from 'vitest';
import { GUARDS } from '../../src/cli/output/guards.js';
import { blocks } from './blocks.js';

describe('show guards', () => {
  it('says what each guard has dropped, and which addresses pass', () => {
    const drops = {
      source: 3,
      dhcpServer: 0,
      ra: 7,
      multicastRouter: 2,
      opaque: 1,
      staticMac: 0,
      macLimit: 1,
    };
    const bindings = [
      { address: '10.0.0.1', mac: '02:00:00:00:00:01', expiresSeconds: null },
      { address: '10.0.0.2', mac: '02:00:00:00:00:02', expiresSeconds: 60 },
    ];
    const status = {
      interface: 'octo0',
      peer: 'osaka',
      source: true,
      dhcpServer: false,
      ra: true,
      multicastRouter: true,
    };
    expect(blocks(GUARDS, [{ ...status, macLimit: 4, drops, bindings }])).toEqual([
      'Peer osaka on octo0',
      '  Source: 3 dropped',
      '  Router advertisements: 7 dropped',
      '  Multicast routers: 2 dropped',
      '  Not to be looked through: 1 dropped',
      '  Stations beyond 4: 1 frame dropped',
      '  Address   MAC address         Expires',
      '  10.0.0.1  02:00:00:00:00:01     never',
      '  10.0.0.2  02:00:00:00:00:02  00:01:00',
    ]);
    const off = { source: false, dhcpServer: false, ra: false, multicastRouter: false };
    const none = { ...off, macLimit: null, bindings: [] };
    const pinned = {
      source: 0,
      dhcpServer: 0,
      ra: 0,
      multicastRouter: 0,
      opaque: 0,
      staticMac: 5,
      macLimit: 0,
    };
    expect(blocks(GUARDS, [{ interface: 'octo0', peer: null, ...none, drops: pinned }])).toEqual([
      'TAP on octo0',
      '  MAC addresses that are static elsewhere: 5 dropped',
    ]);
    expect(blocks(GUARDS, [])).toEqual(['No peer is guarded.']);
  });
});
