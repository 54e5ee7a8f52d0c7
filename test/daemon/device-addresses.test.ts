import { describe, expect, it } from 'vitest';
import { addressesByDevice } from '../../src/daemon/base/device-addresses.js';

const info = (address: string) => ({
  address,
  netmask: '255.255.255.0',
  family: 'IPv4' as const,
  mac: '02:00:00:00:00:01',
  internal: false,
  cidr: `${address}/24`,
});

describe('the addresses of devices', () => {
  it('hold those with a label too', () => {
    const found = addressesByDevice({
      'octo0:vip': [info('192.0.2.2')],
      octo0: [info('192.0.2.1')],
      'eth0.100:1': [info('198.51.100.1')],
      eth1: undefined,
    });
    expect([...found].map(([device, list]) => [device, list.map(({ address }) => address)])).toEqual([
      ['octo0', ['192.0.2.2', '192.0.2.1']],
      ['eth0.100', ['198.51.100.1']],
      ['eth1', []],
    ]);
  });
});
