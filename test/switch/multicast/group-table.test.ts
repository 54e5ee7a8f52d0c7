import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IpAddress } from '../../../src/switch/multicast/address.js';
import { GroupTable, MOST_OF_PORT } from '../../../src/switch/multicast/group-table.js';

function group(number: number): IpAddress {
  const address = new IpAddress();
  address.words.set([0, 0, 0xffff, 0xef000000 | number]);
  return address;
}

function portsOf(table: GroupTable, vlan: number, number: number, now: number): number[] {
  const ports: number[] = [];
  const found = table.find(vlan, group(number));
  for (let row = found < 0 ? -1 : table.first(found); row >= 0; row = table.next(row))
    if (table.isAlive(row, now)) ports.push(table.portOf(row));
  return ports.sort((a, b) => a - b);
}

const step = fc.record({
  what: fc.constantFrom('join', 'join', 'join', 'leave', 'end', 'flush', 'sweep'),
  vlan: fc.nat(1),
  number: fc.nat(5),
  port: fc.integer({ min: -1, max: 4 }),
  wait: fc.nat(40),
});

describe('the table of multicast groups', () => {
  it('holds what a map of sets would, whatever joins, leaves and expires', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const table = new GroupTable([1, 2]);
        const model = new Map<string, number>();
        let now = 0;
        for (const { what, vlan, number, port, wait } of steps) {
          now += wait;
          const key = `${vlan}/${number}/${port}`;
          const found = table.find(vlan, group(number));
          const row = found < 0 ? -1 : table.membershipOf(found, port);
          if (what === 'join') {
            expect(table.join(vlan, group(number), port, now + 100)).toBe(true);
            model.set(key, now + 100);
          } else if (what === 'leave' && row >= 0) {
            table.remove(row);
            model.delete(key);
          } else if (what === 'end' && row >= 0) {
            table.endBy(row, now + 10);
            const known = model.get(key);
            if (known !== undefined) model.set(key, Math.min(known, now + 10));
          } else if (what === 'flush') {
            table.flushPort(port);
            for (const known of model.keys()) if (known.endsWith(`/${port}`)) model.delete(known);
          } else if (what === 'sweep') table.sweep(now, 1000);
          for (let v = 0; v < 2; v++)
            for (let g = 0; g < 6; g++) {
              const wanted = [...model]
                .filter(([known, until]) => known.startsWith(`${v}/${g}/`) && now < until)
                .map(([known]) => Number(known.split('/')[2]))
                .sort((a, b) => a - b);
              expect(portsOf(table, v, g, now)).toEqual(wanted);
            }
        }
        table.sweep(now + 1000, 100_000);
        expect(table.size).toBe(0);
      }),
    );
  });

  it('lets one port fill its own share only', () => {
    const table = new GroupTable([1, 2]);
    for (let number = 0; number < MOST_OF_PORT; number++)
      expect(table.join(0, group(number), 3, 100)).toBe(true);
    expect(table.join(0, group(MOST_OF_PORT), 3, 100)).toBe(false);
    expect(table.join(0, group(5), 3, 200)).toBe(true);
    expect(table.join(0, group(MOST_OF_PORT), 4, 100)).toBe(true);
    table.flushPort(3);
    expect([table.size, table.countOf(3)]).toEqual([1, 0]);
    let seen = 0;
    for (let from = 0; from >= 0; ) from = table.entries(0, from, 7, () => seen++);
    expect(seen).toBe(1);
  });
});
