/** Two clients of two servers: h1 and h2 are clients, h3 and h4 servers that are peers of each other. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLEAN } from '../../scripts/lab/impair.js';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { ControlEvent, MacEntry, UplinkStatus } from '../../src/api/index.js';
import { Download } from './download.js';
import { Flood } from './flood.js';
import { type Site, startSite, tellOnFailure } from './node.js';
import { BROADCAST, ethernet, sendFrames } from './raw.js';
import { labProblem, needsLab } from './support.js';

const CLIENTS = [1, 2];
const SERVERS = [3, 4];
const UNDERLAYS = [1, 2];
const ETHERTYPE = 0x88b6;
const DELAY_S = 2;
/** So long after its first server a group settles. */
const SETTLING_S = 3;
/** Events have the time at which the control thread heard of them. */
const CLOCKS_MS = 500;
let lab: Lab;
let site: Site;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 4, underlays: [{ family: 4 }, { family: 6 }] });
  site = await startSite(
    lab,
    () => ({ timers: { interval: 50, hold: 200 } }),
    (host, config) => (SERVERS.includes(host) ? serverConfig(config) : clientConfig(host, config)),
  );
  for (const client of CLIENTS) {
    for (const server of SERVERS) await site.nodes[client - 1].waitPeer(`h${server}`);
  }
  await site.nodes[2].waitPeer('h4');
  // While a group settles, a better server takes over without being asked to preempt.
  for (const client of CLIENTS) {
    const hasSettled = async () => ((await uplinksOf(client)).activeSeconds ?? 0) >= SETTLING_S;
    await until(`the group of h${client} to settle`, hasSettled, 20_000);
  }
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);
afterEach((context) => tellOnFailure(context, site));

/** Clients of a server are switched among each other. */
function serverConfig(config: string): string {
  return config.replace(/^ peer h[12]$/gm, '$&\n  no split-horizon');
}

/** A client has no peer but its servers, h3 before h4. */
function clientConfig(host: number, config: string): string {
  return config
    .replace(` no shutdown\n`, ` no peer h${3 - host}\n no shutdown\n`)
    .replace(/^ peer h3$/m, '$&\n  uplink-group core priority 200')
    .replace(/^ peer h4$/m, '$&\n  uplink-group core priority 100');
}

async function uplinksOf(client: number): Promise<UplinkStatus> {
  const [group] = await site.nodes[client - 1].json<UplinkStatus[]>('show uplinks');
  return group;
}

async function activeOf(client: number): Promise<string | null> {
  return (await uplinksOf(client)).active;
}

/** The peer behind which a server has a station. */
async function placeAt(server: number, station: string): Promise<string | null | undefined> {
  const found = await site.nodes[server - 1].json<MacEntry[]>(`show mac-table address ${station}`);
  return found[0]?.peer;
}

/** Waits for the event that says so. */
async function waitActive(client: number, server: string): Promise<void> {
  await expect.poll(() => activeOf(client), { timeout: 20_000 }).toBe(server);
}

describe('two clients of two servers', () => {
  it('reach each other by the server of the higher priority, each frame once', async () => {
    for (const client of CLIENTS) await waitActive(client, 'h3');
    const flood = await Flood.start(lab, 1, lanAddress(2));
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('lose nothing when a server is drained, and nothing when it is put back', async () => {
    const flood = await Flood.start(lab, 1, lanAddress(2));
    const drained = await site.nodes[2].cli('drain interface octo0');
    expect(drained).toContain('4 links of octo0 drained');
    expect(drained).toContain('still in use: h4');
    for (const client of CLIENTS) await waitActive(client, 'h4');
    await flood.more(50);
    await site.nodes[2].cli('undrain interface octo0');
    await flood.more(50);
    expect(await activeOf(1)).toBe('h4');
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('go on when each has another server, and the servers switch between them', async () => {
    await site.nodes[0].configure('interface octo0', 'uplink-group core preempt delay 0');
    await waitActive(1, 'h3');
    expect(await activeOf(2)).toBe('h4');
    const flood = await Flood.start(lab, 1, lanAddress(2));
    await flood.more(50);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    await site.nodes[0].configure('interface octo0', 'no uplink-group core');
  });

  it('lose each other while the link between their servers is cut, which both say, and find each other again', async () => {
    const flood = await Flood.start(lab, 1, lanAddress(2));
    const [, , first, second] = site.nodes;
    for (const underlay of UNDERLAYS) await lab.impair(underlay, { ...CLEAN, blackHole: [[3, 4]] });
    await Promise.all([first.waitPeer('h4', 'down'), second.waitPeer('h3', 'down')]);
    expect(await first.cli('show peer h4')).toContain('Peer h4 on octo0 is down');
    expect(await second.cli('show peer h3')).toContain('Peer h3 on octo0 is down');
    // No server is dead: each client stays where it is.
    expect([await activeOf(1), await activeOf(2)]).toEqual(['h3', 'h4']);
    for (const underlay of UNDERLAYS) await lab.impair(underlay, CLEAN);
    await first.waitPeer('h4');
    await flood.more(50);
    expect((await flood.end()).duplicated).toBe(0);
  });

  it('are joined again at once after the active server is killed: a ping and a download go on', async () => {
    await site.nodes[1].configure('interface octo0', 'uplink-group core preempt delay 0');
    await waitActive(2, 'h3');
    const station = '02:00:00:00:77:21';
    const words = Buffer.from('here I am'.padEnd(60));
    await sendFrames(lab, 1, 'octo0', [ethernet(BROADCAST, station, ETHERTYPE, words)]);
    await until('the other server to hear of it', async () => (await placeAt(4, station)) === 'h3', 15_000);
    const flood = await Flood.start(lab, 1, lanAddress(2), 10);
    const download = await Download.start(lab, 1, 2, lanAddress(2));
    await site.nodes[2].daemon.stop('SIGKILL');
    for (const client of CLIENTS) await waitActive(client, 'h4');
    await flood.more(50);
    await download.more(5e6);
    await download.end();
    const { lost, duplicated } = await flood.end();
    expect(duplicated).toBe(0);
    // It has said nothing since, and its client has told where it is.
    expect(await placeAt(4, station)).toBe('h1');
    // A hold time of 200 ms, at one ping in 10 ms, and what was under way.
    expect(lost).toBeLessThanOrEqual(40);
    const moves = await site.nodes[0].json<ControlEvent[]>('show events');
    const last = moves.filter(({ kind }) => kind === 'uplink').at(-1);
    expect(last).toMatchObject({ group: 'core', before: 'h3', peer: 'h4', cause: 'active-silent' });
  });

  it('go back to the server of the higher priority once it has been ready for the delay, and lose nothing', async () => {
    const [first, , server] = site.nodes;
    for (const client of CLIENTS)
      await site.nodes[client - 1].configure('interface octo0', `uplink-group core preempt delay ${DELAY_S}`);
    const flood = await Flood.start(lab, 1, lanAddress(2), 10);
    await server.start();
    for (const client of CLIENTS) await waitActive(client, 'h3');
    await flood.more(50);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    const events = await first.json<ControlEvent[]>('show events');
    const back = events.findLast(({ kind }) => kind === 'uplink');
    expect(back).toMatchObject({ before: 'h4', peer: 'h3', cause: 'preempted' });
    const death = events.findLastIndex((event) => event.kind === 'uplink' && event.cause === 'active-silent');
    // With its first link it is ready; the second may come a good while later.
    const ready = events
      .slice(death)
      .find((event) => event.kind === 'link' && event.peer === 'h3' && event.state === 'up');
    expect(back!.timeMs - ready!.timeMs).toBeGreaterThanOrEqual(DELAY_S * 1000 - CLOCKS_MS);
  });
});
