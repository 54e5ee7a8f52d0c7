import { describe, expect, it } from 'vitest';
import { CLEAN, impairmentRules } from '../../scripts/lab/impair.js';
import { namespaceName, ownerOf } from '../../scripts/lab/namespaces.js';
import { cableBatch, namespaceBatch, planLab } from '../../scripts/lab/plan.js';

describe('names of namespaces', () => {
  it('carry the owner, and only the lab has such names', () => {
    expect(ownerOf(namespaceName(4711, 'h1'))).toBe(4711);
    expect(['octo-x-h1', 'octo-1', 'my-octo-1-h1', 'octo-1-h1-x'].map(ownerOf)).toEqual(
      Array(4).fill(undefined),
    );
  });

  it.each(['', 'H1', 'h 1', '../x', '1h'])('refuse %j as a host name', (short) => {
    expect(() => namespaceName(1, short)).toThrow('cannot name a host');
  });
});

describe('plan of a lab', () => {
  const plan = planLab({ hosts: 3, underlays: [{ family: 4 }, { family: 6, mtu: 1280 }] }, 7);

  it('attaches every host to every underlay with an address of its family', () => {
    const addresses = plan.attachments.map((end) => `${end.host.name} ${end.device} ${end.address}`);
    expect(addresses).toEqual([
      'h1 u1 10.1.0.1',
      'h2 u1 10.1.0.2',
      'h3 u1 10.1.0.3',
      'h1 u2 fd00:2::1',
      'h2 u2 fd00:2::2',
      'h3 u2 fd00:2::3',
    ]);
  });

  it('gives each underlay a namespace of its own and each attachment a cable', () => {
    expect(namespaceBatch(plan)).toHaveLength(5);
    expect(cableBatch(plan)).toHaveLength(6);
  });

  it('joins two hosts by one cable without a namespace between them', () => {
    const direct = planLab({ hosts: 2, underlays: [{ family: 4, direct: true }] }, 7);
    expect(namespaceBatch(direct)).toEqual(['netns add octo-7-h1', 'netns add octo-7-h2']);
    expect(cableBatch(direct)).toHaveLength(1);
  });

  it.each([
    [{ hosts: 0, underlays: [] }, '1 to 99 hosts'],
    [{ hosts: 3, underlays: [{ family: 4 as const, direct: true }] }, 'exactly two hosts'],
  ])('refuses %j', (spec, message) => {
    expect(() => planLab(spec, 7)).toThrow(message);
  });
});

describe('rules of an impairment', () => {
  const { attachments } = planLab({ hosts: 2, underlays: [{ family: 4 }] }, 7);

  it('are none for a clean underlay', () => {
    expect(impairmentRules(CLEAN, attachments)).toEqual([]);
  });

  it('drop a pair in both directions', () => {
    expect(impairmentRules({ ...CLEAN, blackHole: [[1, 2]] }, attachments)).toEqual([
      'iifname "p1" oifname "p2" counter drop',
      'iifname "p2" oifname "p1" counter drop',
    ]);
  });

  it('put loss after what is dropped anyway', () => {
    expect(impairmentRules({ blackHole: true, lossPermille: 10 }, attachments)).toEqual([
      'counter drop',
      'numgen random mod 1000 < 10 counter drop',
    ]);
  });
});
