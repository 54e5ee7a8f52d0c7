/** Eight links between two hosts, and one: whatever happens to one, nothing of a running ping is lost. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLEAN } from '../../scripts/lab/impair.js';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { pause } from '../../scripts/lab/run.js';
import type { DrainResult, LinkStatus, PeerExplained, PeerStatus } from '../../src/api/index.js';
import { Flood } from './flood.js';
import { type Site, startSite, tellOnFailure, waitAllUp } from './node.js';
import { labProblem, needsLab } from './support.js';

const LINKS = 8;
/** Faster than the defaults, and slow enough for a machine whose cores are all busy. */
const TIMERS = { interval: 50, hold: 300 };
/** Answers to wait for after a change: a quarter of a second of the ping. */
const A_WHILE = 50;

describe('eight links between two hosts', () => {
  let lab: Lab;
  let site: Site;
  let flood: Flood;

  beforeAll(async () => {
    if (labProblem) return;
    const families = [4, 6, 4, 6, 4, 6, 4, 6] as const;
    lab = await Lab.build({ hosts: 2, underlays: families.map((family) => ({ family })) });
    site = await startSite(lab, () => ({ timers: TIMERS }));
    await waitAllUp(site, LINKS);
  });
  afterAll(async () => {
    await lab?.remove();
  });
  beforeEach(async (context) => {
    needsLab(context);
    flood = await Flood.start(lab, 1, lanAddress(2));
  });
  afterEach(async (context) => {
    if (labProblem) return;
    tellOnFailure(context, site);
    await waitAllUp(site, LINKS);
  });

  const active = async (host: number): Promise<number[]> =>
    (await site.nodes[host - 1].json<PeerStatus>(`show peer h${3 - host}`)).activeLinks;

  const linkOf = async (host: number, id: number): Promise<LinkStatus> => {
    const found = await site.nodes[host - 1].json<LinkStatus[]>('show links');
    return found.find(({ link }) => link === id)!;
  };

  const everyLinkIsUp = () => waitAllUp(site, LINKS);
  const configureLink = (host: number, id: number, ...lines: string[]) =>
    site.nodes[host - 1].configure('interface octo0', `peer h${3 - host}`, `link ${id}`, ...lines);

  it('carry data by the highest priority, one after the other', async () => {
    for (let id = 0; id < LINKS - 1; id++) {
      expect(await active(1)).toEqual([id]);
      await lab.setDevice(1, id + 1, 'down');
      await site.nodes[0].waitLink('h2', id, 'down');
      await site.nodes[1].waitLink('h1', id, 'down');
    }
    expect([await active(1), await active(2)]).toEqual([[7], [7]]);
    await flood.more(A_WHILE);
    for (let id = 0; id < LINKS - 1; id++) await lab.setDevice(1, id + 1, 'up');
    await everyLinkIsUp();
    expect([await active(1), await active(2)]).toEqual([[0], [0]]);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  const deaths: [string, () => Promise<void>, () => Promise<void>][] = [
    ['its device down at the near end', () => lab.setDevice(1, 1, 'down'), () => lab.setDevice(1, 1, 'up')],
    ['its device down at the far end', () => lab.setDevice(2, 1, 'down'), () => lab.setDevice(2, 1, 'up')],
    [
      'a black hole in the middle',
      () => lab.impair(1, { ...CLEAN, blackHole: true }),
      () => lab.impair(1, CLEAN),
    ],
    [
      'its address removed',
      () => ip('address del 10.1.0.1/24 dev u1'),
      () => ip('address add 10.1.0.1/24 dev u1'),
    ],
    [
      'its route removed',
      () => ip('route del 10.1.0.0/24 dev u1'),
      () => ip('route add 10.1.0.0/24 dev u1 src 10.1.0.1'),
    ],
  ];

  async function ip(command: string): Promise<void> {
    await lab.run(1, 'ip', command.split(' '));
  }

  it.each(deaths)(
    'lose nothing when the active one dies of %s, and when it comes back',
    async (_, cut, heal) => {
      expect(await active(1)).toEqual([0]);
      await cut();
      await site.nodes[0].waitLink('h2', 0, 'down');
      await site.nodes[1].waitLink('h1', 0, 'down');
      expect([await active(1), await active(2)]).toEqual([[1], [1]]);
      expect((await linkOf(1, 0)).cause).toBeTruthy();
      await flood.more(A_WHILE);
      await heal();
      await everyLinkIsUp();
      expect([await active(1), await active(2)]).toEqual([[0], [0]]);
      await flood.more(A_WHILE);
      expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    },
  );

  it('lose nothing when the active one is shut down by the operator', async () => {
    await site.nodes[0].cli('configure terminal', 'interface octo0', 'peer h2', 'link 0', 'shutdown');
    expect((await linkOf(1, 0)).state).toBe('shutdown');
    await site.nodes[1].waitLink('h1', 0, 'down');
    await flood.more(A_WHILE);
    expect([await active(1), await active(2)]).toEqual([[1], [1]]);
    await configureLink(1, 0, 'no shutdown');
    await everyLinkIsUp();
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('lose nothing when the active one is drained, pulled and put back', async () => {
    const [near, far] = site.nodes;
    const { state } = await near.json<DrainResult>('drain link h2 0');
    expect(state).toBe('drained');
    expect((await linkOf(2, 0)).state).toMatch(/^drain/);
    expect([await active(1), await active(2)]).toEqual([[1], [1]]);
    const resent = () => Promise.all([near, far].map((node) => node.counter('resentDatagrams')));
    const before = await resent();
    await lab.impair(1, { ...CLEAN, blackHole: true });
    await near.waitLink('h2', 0, 'down');
    await flood.more(A_WHILE);
    expect(await resent()).toEqual(before);
    await lab.impair(1, CLEAN);
    await flood.more(A_WHILE);
    expect([await active(1), await active(2)]).toEqual([[1], [1]]);
    await near.cli('undrain link h2 0');
    await everyLinkIsUp();
    expect([await active(1), await active(2)]).toEqual([[0], [0]]);
    const why = await near.json<PeerExplained>('explain peer h2');
    expect(why).toMatchObject({ link: 0, rule: 'priority' });
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('lose nothing when the ends of the active one change', async () => {
    const remote = lab.attachment(2, 1).address;
    // Nobody listens there; the far end's beats show the way.
    await configureLink(1, 0, `remote ${remote} port 7777`);
    await flood.more(A_WHILE);
    expect(await linkOf(1, 0)).toMatchObject({ remoteLearned: true });
    const local = lab.attachment(1, 1).address;
    await configureLink(1, 0, `remote ${remote} port 7700`, `local ${local} port 7701`);
    await everyLinkIsUp();
    await flood.more(A_WHILE);
    await configureLink(1, 0, `local ${local}`);
    await everyLinkIsUp();
    await flood.more(A_WHILE);
    expect([await active(1), await active(2)]).toEqual([[0], [0]]);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('lose nothing when priorities and timers change', async () => {
    await configureLink(1, 5, 'priority 200');
    await flood.more(A_WHILE);
    expect([await active(1), await active(2)]).toEqual([[5], [0]]);
    await configureLink(1, 5, 'timers interval 60 hold 400');
    await configureLink(2, 5, 'priority 200', 'timers interval 40 hold 250');
    await flood.more(A_WHILE);
    expect([await active(1), await active(2)]).toEqual([[5], [5]]);
    expect(await linkOf(1, 5)).toMatchObject({ priority: 200, intervalMs: 60, holdMs: 400, state: 'up' });
    for (const host of [1, 2]) {
      await configureLink(host, 5, 'priority 30', `timers interval ${TIMERS.interval} hold ${TIMERS.hold}`);
    }
    await flood.more(A_WHILE);
    expect([await active(1), await active(2)]).toEqual([[0], [0]]);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('lose nothing when another link is removed and made again', async () => {
    await site.nodes[0].configure('interface octo0', 'peer h2', 'no link 0');
    await flood.more(A_WHILE);
    await configureLink(
      1,
      0,
      `local ${lab.attachment(1, 1).address}`,
      `remote ${lab.attachment(2, 1).address} port 7700`,
      'priority 80',
      `timers interval ${TIMERS.interval} hold ${TIMERS.hold}`,
    );
    await everyLinkIsUp();
    expect(await active(1)).toEqual([0]);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it.each(['round-robin', 'active'])('lose nothing under the policy %s', async (policy) => {
    for (const node of site.nodes) await node.configure('interface octo0', `policy ${policy}`);
    await flood.more(A_WHILE);
    expect((await active(1)).length).toBe(LINKS);
    await lab.impair(1, { ...CLEAN, blackHole: true });
    await site.nodes[0].waitLink('h2', 0, 'down');
    await flood.more(A_WHILE);
    await lab.impair(1, CLEAN);
    await everyLinkIsUp();
    for (const node of site.nodes) await node.configure('interface octo0', 'policy passive');
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('are back soon when the operator clears the session, which does lose what is under way', async () => {
    for (const [near, far] of [
      [0, 1],
      [1, 0],
    ]) {
      await site.nodes[near].cli(`clear peer h${far + 1}`);
      await everyLinkIsUp();
      await flood.more(A_WHILE);
    }
    expect((await flood.end()).duplicated).toBe(0);
  });

  it('end and begin again together with the last link', async () => {
    for (let id = 0; id < LINKS; id++) await lab.impair(id + 1, { ...CLEAN, blackHole: true });
    const waited = await site.nodes[0].cli('wait peer h2 down timeout 10');
    expect(waited).toContain('is down after');
    for (let id = 0; id < LINKS; id++) await lab.impair(id + 1, CLEAN);
    await site.nodes[0].cli('wait peer h2 up timeout 10');
    await flood.more(A_WHILE);
    await flood.end();
  });
});

describe('an only link between two hosts', () => {
  let lab: Lab;
  let site: Site;

  beforeAll(async () => {
    if (labProblem) return;
    lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });
    site = await startSite(lab, () => ({ timers: TIMERS }));
    await waitAllUp(site, 1);
  });
  afterAll(async () => {
    await lab?.remove();
  });
  beforeEach(needsLab);
  afterEach((context) => {
    if (!labProblem) tellOnFailure(context, site);
  });

  it.each([1, 2])(
    'loses nothing when its device at host %i is down for a moment, five times',
    async (host) => {
      const flood = await Flood.start(lab, 1, lanAddress(2));
      for (let turn = 0; turn < 5; turn++) {
        await lab.setDevice(host, 1, 'down');
        await pause(100);
        await lab.setDevice(host, 1, 'up');
        await flood.more(A_WHILE);
      }
      expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    },
  );
});
