import { describe, expect, it } from 'vitest';
import { stationIn, unresolvedIn } from '../../src/daemon/interfaces/neighbours.js';

const TITLES = 'IP address       HW type     Flags       HW address            Mask     Device';

function entry(address: string, flags: number, device = 'eth0'): string {
  const hardware = flags === 0 ? '00:00:00:00:00:00' : '02:fc:00:00:00:05';
  return `${address.padEnd(16)} 0x1         0x${flags.toString(16)}         ${hardware}     *        ${device}`;
}

describe('the ARP table', () => {
  it('tells which addresses nobody answers for', () => {
    const lines = [TITLES, entry('10.1.0.2', 0x2), entry('10.1.0.9', 0x0), entry('10.1.0.3', 0x6)];
    expect([...unresolvedIn(`${lines.join('\n')}\n`)]).toEqual(['10.1.0.9']);
  });

  it('has an address that is found on one device, whatever the other says', () => {
    const lines = [TITLES, entry('10.1.0.2', 0x2), entry('10.1.0.2', 0x0, 'eth1')];
    expect(unresolvedIn(lines.join('\n')).size).toBe(0);
    expect(unresolvedIn([TITLES, ...lines.slice(1).reverse()].join('\n')).size).toBe(0);
  });

  it('tells the station of an address on a device', () => {
    const table = [
      TITLES,
      entry('10.1.0.2', 0x0),
      entry('10.1.0.2', 0x2, 'octo0'),
      entry('10.1.0.3', 0x2),
    ].join('\n');
    expect(stationIn(table, '10.1.0.2', 'octo0')).toBe('02:fc:00:00:00:05');
    expect(stationIn(table, '10.1.0.2', 'eth0')).toBeNull();
    expect(stationIn(table, '10.1.0.3', 'octo0')).toBeNull();
    expect(stationIn('', '10.1.0.3', 'octo0')).toBeNull();
  });

  it('may be empty or not there', () => {
    expect([unresolvedIn('').size, unresolvedIn(`${TITLES}\n`).size]).toEqual([0, 0]);
  });
});
