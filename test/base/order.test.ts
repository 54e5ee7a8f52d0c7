import { describe, expect, it } from 'vitest';
import { byName, byVlan } from '../../src/base/order.js';

describe('lists are read', () => {
  it('by words, with numbers in them by their value, and what has no name first', () => {
    const names = ['osaka10', 'osaka9', null, 'kyoto', '10.0.0.10', '10.0.0.9', 'fd77::a'];
    expect(names.sort(byName)).toEqual([
      null,
      '10.0.0.9',
      '10.0.0.10',
      'fd77::a',
      'kyoto',
      'osaka9',
      'osaka10',
    ]);
  });

  it('by VLAN before the address', () => {
    const rows = [
      { vlan: 10, address: '10.0.0.1' },
      { vlan: 2, address: '10.0.0.10' },
      { vlan: 2, address: '10.0.0.9' },
    ];
    expect(rows.sort(byVlan(({ address }) => address)).map(({ address }) => address)).toEqual([
      '10.0.0.9',
      '10.0.0.10',
      '10.0.0.1',
    ]);
  });
});
