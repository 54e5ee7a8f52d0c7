/** Bandwidth tests between real daemons: what they say, by which link they go, who takes part in them, and who goes first. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ControlConnection } from '../../scripts/lab/control.js';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import type { BandwidthParams, BandwidthReport, LinkStatus } from '../../src/api/index.js';
import { Flood } from './flood.js';
import { type Site, startSite, tellOnFailure, waitAllUp } from './node.js';
import { labProblem, needsLab } from './support.js';

let lab: Lab;
let site: Site;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }, { family: 4 }] });
  site = await startSite(lab, () => ({ timers: { interval: 50, hold: 500 } }));
  await waitAllUp(site, 2);
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);
afterEach((context) => tellOnFailure(context, site));

const WISH: BandwidthParams = { peer: 'h2', seconds: 1, rateKbps: 8000, direction: 'forward' };

/** Runs a test to its end. `begun` is called when it has begun. */
async function measure(
  wish: Partial<BandwidthParams> = {},
  begun: () => Promise<void> = async () => {},
): Promise<BandwidthReport[]> {
  const connection = await ControlConnection.open(site.nodes[0].socket);
  try {
    const { id } = await connection.call('bandwidth.start', { ...WISH, ...wish });
    await begun();
    const reports: BandwidthReport[] = [];
    while (!reports.at(-1)?.isLast) {
      const report = await connection.call('bandwidth.read', { id, seen: reports.length });
      if (report === null) break;
      reports.push(report);
    }
    return reports;
  } finally {
    connection.close();
  }
}

async function sentBy(link: number): Promise<number> {
  const links: LinkStatus[] = await site.nodes[0].call('show.links', {});
  return links.find((one) => one.link === link)?.txBytes ?? 0;
}

describe('a bandwidth test', () => {
  it('goes by the link that is named, and says what arrived', async () => {
    const [standby, before] = [await sentBy(0), await sentBy(1)];
    const text = await site.nodes[0].cli('test peer h2 link 1 bandwidth seconds 1 rate 8m | json');
    const reports = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as BandwidthReport);
    const last = reports.at(-1);
    expect(last).toMatchObject({
      isLast: true,
      cause: null,
      fromPeer: null,
      toPeer: { lost: 0, reordered: 0 },
      hasYielded: false,
    });
    expect(last?.toPeer?.received).toBe(last?.toPeer?.sent);
    expect(last?.toPeer?.bytes).toBeGreaterThan(100_000);
    expect(last?.toPeer?.bytes).toBeLessThan(1_100_000);
    expect(reports.some(({ isLast }) => !isLast)).toBe(true);
    expect((await sentBy(1)) - before).toBeGreaterThan(last?.toPeer?.bytes ?? 0);
    expect((await sentBy(0)) - standby).toBeLessThan(100_000);
  });

  it('counts what is lost on the way', async () => {
    const rules = [
      'add table inet lossy',
      'add chain inet lossy in { type filter hook input priority 0; }',
      'add rule inet lossy in meta length > 1000 numgen inc mod 10 == 0 drop',
    ];
    await lab.run(2, 'nft', [rules.join('; ')]);
    const [last] = (await measure({ link: 0 })).slice(-1);
    await lab.run(2, 'nft', ['delete table inet lossy']);
    const { sent = 0, received, lost } = last.toPeer ?? { received: 0, lost: 0 };
    expect(lost).toBeGreaterThan(0);
    expect(received + lost).toBe(sent);
  });

  it('leaves a narrow link to users, and says so', async () => {
    await lab.limitRate(1, 20);
    const flood = await Flood.start(lab, 1, lanAddress(2), 5);
    const [last] = (await measure({ link: 0, seconds: 2, rateKbps: 100_000 })).slice(-1);
    const { sent, lost } = await flood.end();
    expect(last).toMatchObject({ isLast: true, cause: null, hasYielded: true });
    // Without it the link would lose four of five.
    expect(lost).toBeLessThan(sent / 4);
  });

  it('makes the peer send no more than it is configured to', async () => {
    const wish = { link: 1, direction: 'both' } as const;
    await expect(measure(wish)).rejects.toThrow('"bandwidth-test send RATE"');
    await site.nodes[1].configure('interface octo0', 'bandwidth-test send 1');
    const last = (await measure(wish)).at(-1);
    expect(last?.cause).toBeNull();
    expect(last?.fromPeer?.received).toBe(last?.fromPeer?.sent);
    expect(last?.fromPeer?.bytes).toBeGreaterThan(10_000);
    expect(last?.fromPeer?.bytes).toBeLessThan(150_000);
    expect(last?.toPeer?.received).toBe(last?.toPeer?.sent);
  });

  it('does not begin where it is switched off, or the link is not up', async () => {
    await site.nodes[1].configure('interface octo0', 'no bandwidth-test');
    await expect(measure()).rejects.toThrow('takes part in no bandwidth tests');
    const none = await site.nodes[0].tryCli('test peer h2 link 5 bandwidth');
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('link 5 of peer h2 not found') });
  });

  it('ends with its link', async () => {
    await site.nodes[1].configure('interface octo0', 'bandwidth-test');
    const reports = await measure({ link: 1, seconds: 60, rateKbps: 2000 }, () =>
      site.nodes[0].configure('interface octo0', 'peer h2', 'link 1', 'shutdown'),
    );
    expect(reports.at(-1)).toMatchObject({ isLast: true, cause: 'the link is not up any more' });
  });
});
