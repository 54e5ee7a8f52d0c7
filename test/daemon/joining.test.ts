/** What joining decides without a network: which ways become links, which address is free, which lines change. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { VlanConfig } from '../../src/api/index.js';
import { freeAddress } from '../../src/daemon/joining/free-address.js';
import {
  defaultsOf4,
  defaultsOf6,
  type HostAddress,
  uplinksOf,
} from '../../src/daemon/joining/host-addresses.js';
import { InvitationStore } from '../../src/daemon/joining/invitation-store.js';
import { allWays } from '../../src/daemon/joining/join-ways.js';
import { addKeyLine, removeKeyLines } from '../../src/daemon/joining/key-lines.js';
import { linksOf, type Way } from '../../src/daemon/joining/link-pairs.js';
import { isInVlanOfAddresses } from '../../src/daemon/joining/member-vlan.js';
import { parseIp } from '../../src/grammar/address.js';

const folder = mkdtempSync(join(tmpdir(), 'octolink-joining-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ALL = [0, 1, 2, 3, 4, 5, 6, 7];
const way = (device: string, remote: string, rttUs = 100, link: number | null = null): Way => ({
  device,
  remote,
  rttUs,
  link,
});

describe('links of ways', () => {
  it('are disjoint pairs first, even where the fastest way would spoil them', () => {
    const ways = [way('a', 'x', 1), way('a', 'y', 50), way('b', 'x', 60)];
    expect(linksOf(ways, ALL)).toEqual([null, 0, 1]);
    expect(
      linksOf([way('a', 'x'), way('a', 'y'), way('b', 'x'), way('b', 'y')], ALL).filter((id) => id !== null),
    ).toEqual([0, 1]);
  });

  it('use every card and every address of the inviter once, and no more links than it has', () => {
    expect(linksOf([way('a', 'x'), way('a', 'y'), way('a', 'z')], ALL)).toEqual([0, 1, 2]);
    expect(
      linksOf([way('a', 'x'), way('b', 'x'), way('c', 'x')], [0, 1]).filter((id) => id !== null),
    ).toEqual([0, 1]);
    expect(linksOf([], ALL)).toEqual([]);
  });

  it('keep to the one link that an end of the inviter is for', () => {
    expect(linksOf([way('a', 'x', 1, 3), way('b', 'y', 2)], [0, 3])).toEqual([3, 0]);
    expect(linksOf([way('b', 'y', 1), way('a', 'x', 2, 0)], [0, 1])).toEqual([1, 0]);
    expect(linksOf([way('a', 'x', 1, 5)], [0, 1])).toEqual([null]);
  });

  it('whatever the ways: no id twice, none that is not there, and as many disjoint ones as can be', () => {
    const some = fc.record({
      device: fc.constantFrom('a', 'b', 'c', 'd'),
      remote: fc.constantFrom('w', 'x', 'y', 'z'),
      rttUs: fc.nat(1000),
      link: fc.constant(null),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(some, { maxLength: 16, selector: (one) => one.device + one.remote }),
        (ways) => {
          const ids = linksOf(ways, ALL);
          const used = ids.filter((id) => id !== null);
          expect(new Set(used).size).toBe(used.length);
          const links = ways.filter((_, at) => ids[at] !== null);
          const all = new Set(ways.flatMap(({ device, remote }) => [device, remote]));
          if (used.length < 8)
            expect(new Set(links.flatMap(({ device, remote }) => [device, remote]))).toEqual(all);
        },
      ),
    );
  });
});

describe('cards with routes of their own', () => {
  const card = (device: string, text: string): HostAddress => ({ device, text, address: parseIp(text)! });
  const INDEX: Record<string, number> = { eth0: 2, eth1: 3, lan0: 4 };
  /** The table prefers eth0; eth1 has a default route of its own, lan0 none. */
  const native = { ifindex: (name: string) => INDEX[name] ?? 0, routeDevice: () => INDEX['eth0'] };
  const routes = { 4: new Set(['eth0', 'eth1']), 6: new Set<string>() };
  const end = { link: null, address: parseIp('203.0.113.1')!, port: 7700 };
  const OTHER = 'the route leaves by another network card';

  it('are all tried, whichever the routing table prefers; others are not', () => {
    const here = [card('eth0', '192.0.2.1'), card('eth1', '198.51.100.1'), card('lan0', '10.0.0.1')];
    const ways = allWays(native, [end], { here, routes });
    expect(ways.map(({ problem }) => problem)).toEqual([null, null, OTHER]);
  });

  it('are tried by address where they have several', () => {
    const here = [card('eth1', '198.51.100.1'), card('eth1', '198.51.100.2')];
    const ways = allWays(native, [end], { here, routes });
    expect(ways.map(({ byDevice, problem }) => [byDevice, problem])).toEqual([
      [false, OTHER],
      [false, OTHER],
    ]);
  });

  it('are the lines of providers, in the order of their addresses', () => {
    const here = [card('lan0', '10.0.0.1'), card('eth1', '198.51.100.1'), card('eth0', '192.0.2.1')];
    expect(uplinksOf(here, routes)).toEqual(['eth1', 'eth0']);
  });

  it('are read from what the kernel says of its routes', () => {
    const row = (device: string, to: string, mask: string) =>
      `${device}\t${to}\t0100A8C0\t0003\t0\t0\t100\t${mask}\t0\t0\t0`;
    const four = [
      'Iface\tDestination',
      row('eth0', '00000000', '00000000'),
      row('eth1', '0000A8C0', '00FFFFFF'),
    ];
    expect([...defaultsOf4(`${four.join('\n')}\n`)]).toEqual(['eth0']);
    const zero = '0'.repeat(32);
    const six = (to: string, length: string, device: string) =>
      `${to} ${length} ${zero} 00 ${zero} 00000400 00000001 00000000 00000003     ${device}`;
    const lines = [
      six(zero, '00', 'eth1'),
      six(zero, '00', 'lo'),
      six(`2001${'0'.repeat(28)}`, '40', 'eth0'),
    ];
    expect([...defaultsOf6(`${lines.join('\n')}\n`)]).toEqual(['eth1']);
  });
});

describe('a free address', () => {
  it('is the lowest that nobody has, in the first IPv4 prefix', () => {
    expect(freeAddress(['fd00::1/64', '10.77.0.1/24'], [])).toBe('10.77.0.2/24');
    expect(freeAddress(['10.77.0.1/24'], ['10.77.0.2/24', 'auto', 'none', '10.77.0.3/16'])).toBe(
      '10.77.0.4/24',
    );
    expect(freeAddress(['10.77.1.255/23'], [])).toBe('10.77.0.1/23');
    expect(freeAddress(['10.0.0.1/30'], ['10.0.0.2/30'])).toBeNull();
    expect(freeAddress(['10.0.0.1/31'], [])).toBeNull();
    expect(freeAddress(['fd00::1/64'], [])).toBeNull();
  });
});

describe('an address of the interface reaches a member', () => {
  const own = (vlan?: VlanConfig) => (vlan === undefined ? {} : { vlan });
  const access10 = { mode: 'access', vlan: 10 } as const;

  it('whose frames without a tag are in the VLAN of those of the TAP', () => {
    expect(isInVlanOfAddresses(own(), undefined)).toBe(true);
    expect(isInVlanOfAddresses(own(), access10)).toBe(false);
    expect(isInVlanOfAddresses(own({ mode: 'trunk', native: 10 }), access10)).toBe(true);
    expect(isInVlanOfAddresses(own({ mode: 'trunk' }), { mode: 'trunk' })).toBe(false);
    expect(isInVlanOfAddresses(own(access10), { mode: 'trunk', native: 10 })).toBe(true);
  });
});

describe('lines of authorized keys', () => {
  const A = `${'a'.repeat(42)}A=`;
  const B = `${'b'.repeat(42)}A=`;

  it('come and go, and what people wrote stays, rights included', async () => {
    const file = join(folder, 'keys');
    await addKeyLine(file, `osaka ${A}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, `# mine\nnara ${B} template=gold # hers\nosaka ${A}`);
    chmodSync(file, 0o640);
    await addKeyLine(file, `kobe ${A.replace('a', 'c')}`);
    await removeKeyLines(file, new Set([A]));
    expect(readFileSync(file, 'utf8')).toBe(
      `# mine\nnara ${B} template=gold # hers\nkobe ${A.replace('a', 'c')}\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });
});

it('invitations are on disk for their owner alone, and what is no list of them is refused', async () => {
  const store = new InvitationStore(folder);
  await store.load();
  const one = {
    interface: 'octo0',
    name: 'osaka',
    key: 'k',
    template: null,
    vlan: 'access 10',
    uses: 1,
    address: 'auto',
    madeMs: 1,
    expiresMs: 2,
    members: [],
  };
  await store.save([one]);
  const file = join(folder, 'invitations.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const other = new InvitationStore(folder);
  await other.load();
  expect(other.all()).toEqual([one]);
  for (const wrong of ['[{"name":1}]', JSON.stringify([{ ...one, vlan: 'access 0' }])]) {
    writeFileSync(file, wrong);
    await expect(new InvitationStore(folder).load()).rejects.toThrow();
  }
});
