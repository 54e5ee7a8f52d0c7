/** What a running daemon remembers of its links, and what it tells programs that watch. */
import type { TestContext } from 'vitest';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { OCTOLINK } from '../../scripts/lab/mesh.js';
import { capture, until } from '../../scripts/lab/run.js';
import { type Node, type Site, startSite, tellOnFailure, waitAllUp } from './node.js';
import { needsLab } from './support.js';

const PATIENCE_MS = 20_000;
const PORT = 9770;

let lab: Lab;
let site: Site;
let node: Node;

beforeEach(async (context) => {
  needsLab(context);
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }, { family: 6 }] });
  site = await startSite(lab);
  node = site.nodes[0];
  await waitAllUp(site, 2);
});
afterEach(async (context: TestContext) => {
  tellOnFailure(context, site);
  await lab?.remove();
});

async function history(link: number) {
  return (await node.call('show.linkHistory', { peer: 'h2', link, step: 'seconds' }))[0];
}

it('history fills second by second, and shows when a link was down', async () => {
  await until(
    'seconds with a round-trip time',
    async () => (await history(1))?.values.rttUs.some((us) => us !== null) ?? false,
    PATIENCE_MS,
  );
  // The second in which a link comes up counts as one of being down.
  const isUp = async () => (await history(1)).values.downPermille.includes(0);
  await until('a second of being up', isUp, PATIENCE_MS);
  await lab.impair(2, { blackHole: true, lossPermille: 0 });
  await node.waitLink('h2', 1, 'down');
  await until(
    'a second of being down after one of being up',
    // Between them there may be seconds of which a busy daemon has nothing to tell.
    async () => /\b0,+1000\b/.test((await history(1)).values.downPermille.join()),
    PATIENCE_MS,
  );
  const text = await node.cli('show links history peer h2 link 1');
  expect(text).toMatch(/^h2 link 1 \(octo0\): the last /);
  expect(text).toMatch(/^Down % .*█/m);
  expect(await node.json('show links history peer h2 link 1')).toMatchObject([
    { peer: 'h2', stepSeconds: 1 },
  ]);
});

it('history is kept of as many links as the configuration says, from now on', async () => {
  const kept = async () => (await node.call('show.linkHistory', { step: 'seconds' })).length;
  await until('history of both links', async () => (await kept()) === 2, PATIENCE_MS);
  await node.configure('history links 1');
  await until('history of one link', async () => (await kept()) === 1, PATIENCE_MS);
  await node.configure('history links 0');
  await until('history of none', async () => (await kept()) === 0, PATIENCE_MS);
  expect(await node.cli('show links history')).toBe('No history is kept for such a link.\n');
});

/** Body of the metrics as a program in the host's namespace gets them; null when nobody serves them. */
async function scrape(port = PORT): Promise<string | null> {
  const script = `
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", ${port}, timeout=10)
    connection.request("GET", "/metrics")
    print(connection.getresponse().read().decode(), end="")`.replace(/^ {4}/gm, '');
  const inside = ['netns', 'exec', lab.hosts[0].namespace, 'python3', '-c', script];
  const { code, stdout } = await capture('ip', inside);
  return code === 0 ? stdout : null;
}

it('metrics are served where the configuration says, and no longer when it does not', async () => {
  expect(await scrape()).toBeNull();
  await node.configure(`metrics listen 127.0.0.1 port ${PORT}`);
  await until(
    'metrics of both links',
    async () => (await scrape())?.match(/^octolink_link_up\{.*\} 1$/gm)?.length === 2,
    PATIENCE_MS,
  );
  const served = (await scrape())?.split('\n').filter((line) => line.startsWith('# TYPE'));
  const shown = (await node.cli('show metrics')).split('\n').filter((line) => line.startsWith('# TYPE'));
  expect(served).toEqual(shown);
  await node.configure(`metrics listen 127.0.0.1 port ${PORT + 1}`);
  expect(await scrape()).toBeNull();
  expect(await scrape(PORT + 1)).toContain('octolink_uptime_seconds');
  await node.configure('no metrics listen');
  expect(await scrape(PORT + 1)).toBeNull();
});

it('metrics at a port that is taken are refused, and nothing has changed', async () => {
  await node.configure(`metrics listen 127.0.0.1 port ${PORT}`);
  const holder = lab.start(1, 'python3', ['-m', 'http.server', '--bind', '127.0.0.1', String(PORT + 2)]);
  await until('the port to be taken', async () => (await scrape(PORT + 2)) !== null, PATIENCE_MS);
  const before = await node.runningConfig();
  await expect(node.configure(`metrics listen 127.0.0.1 port ${PORT + 2}`, 'hostname other')).rejects.toThrow(
    `metrics cannot be served at 127.0.0.1 port ${PORT + 2}: another program listens there`,
  );
  expect(await node.runningConfig()).toBe(before);
  expect(await scrape()).toContain('octolink_uptime_seconds');
  await holder.stop();
});

it('a peer is followed step by step while its handshake begins anew', async () => {
  expect(await node.cli('debug peer h2 minutes 2')).toMatch(/^Debugging peer h2 for 2 min/);
  expect(await node.cli('show debugging')).toMatch(/^octo0 peer h2, for another 00:0[12]:\d\d, by root\n$/);
  await node.cli('clear peer h2');
  const lines = async () =>
    (await node.call('show.logging', {})).lines.filter(({ level }) => level === 'debug');
  await until(
    'the steps of a handshake',
    async () => {
      const steps = (await lines()).map(({ text }) => text).join('\n');
      return /a session is agreed: interface=octo0 peer=h2/.test(steps) && /frames go under/.test(steps);
    },
    PATIENCE_MS,
  );
  expect(await node.cli('undebug all', 'show debugging')).toMatch(/Nothing is being debugged\.\n$/);
  expect((await lines()).at(-1)?.text).toBe('no longer followed: stopped: interface=octo0 peer=h2');
});

it('a host is pinged by its address, behind whichever peer it is', async () => {
  const lanOf = async (host: number) => (await site.nodes[host].call('show.interfaces', {}))[0].addresses[0];
  const [own] = (await lanOf(0)).split('/');
  const [other] = (await lanOf(1)).split('/');
  expect(await node.cli(`ping ${other} count 2`)).toMatch(
    new RegExp(`^${other} is behind peer h2\\nh2: probe 1 link`),
  );
  const wrong = async (address: string) => (await node.tryCli(`ping ${address}`)).stderr;
  expect(await wrong(own)).toBe(`% Error: ${own} is an address of this host\n`);
  expect(await wrong('192.0.2.77')).toMatch(/is outside the networks of all interfaces/);
  expect(await wrong(own.replace(/\d+$/, '250'))).toMatch(/no host answers for .* on octo0/);
});

it('a second peer is typed line by line, its link from a local end that another one has', async () => {
  const local = /^ +local .*$/m.exec(await node.runningConfig())?.[0].trim() ?? '';
  const typed = ['interface octo0', 'peer third', 'link 3', local, 'remote 192.0.2.99', 'priority 9'];
  let context: string[] = [];
  for (const line of typed) {
    const applied = await node.call('config.apply', {
      context,
      lines: [line],
      mode: 'merge',
      checkOnly: false,
    });
    context = applied.context;
  }
  expect(await node.cli('show running-config peer third')).toContain(`\n   ${local}\n`);
  expect((await node.call('show.peer', { peer: 'h2' })).state).toBe('up');
});

it('doctor names the chain that drops the heartbeats, while a link hears nothing', async () => {
  const nft = (words: string) => lab.run(1, 'nft', words.split(' '));
  const { namespace } = lab.hosts[0];
  const doctor = async () => {
    const inside = [process.execPath, OCTOLINK, '-s', node.socket, '-c', 'doctor'];
    return (await capture('ip', ['netns', 'exec', namespace, ...inside])).stdout;
  };
  expect(await doctor()).not.toContain('nftables');
  await nft('add table ip t');
  await nft('add chain ip t dropping { type filter hook input priority 0 ; policy drop ; }');
  await node.waitLink('h2', 0, 'down');
  const text = (await doctor()).replaceAll(/\s+/g, ' ');
  expect(text).toMatch(/nftables may drop what comes for UDP port \d+: the chain dropping of table ip t/);
  const [, remedy] = /-> nft (insert rule .*? accept)/.exec(text) as RegExpExecArray;
  await nft(remedy);
  await node.waitLink('h2', 0, 'up');
  expect(await doctor()).not.toContain('nftables');
});

it('explain and doctor name who says by ICMP that nothing gets to a peer', async () => {
  const says = (what: RegExp) =>
    until(
      `explain to say ${what}`,
      async () => what.test((await node.cli('explain peer h2')).replace(/\s+/g, ' ')),
      PATIENCE_MS,
    );
  const reject = 'meta nfproto ipv6 udp dport 7700 reject with icmpv6 type admin-prohibited';
  await lab.run(2, 'nft', [
    `table inet wall { chain input { type filter hook input priority 0; ${reject}; }; }`,
  ]);
  await says(/fd00\S+ says of \[fd00\S+\]:7700: forbidden by a firewall \(ICMP\); let UDP pass there/);
  const { code, stdout } = await capture(process.execPath, [OCTOLINK, '-s', node.socket, 'doctor']);
  expect([code, stdout]).toEqual([1, expect.stringMatching(/peer h2: link 1: forbidden/)]);
  await site.nodes[1].stop('SIGKILL');
  await says(/10\S+ says of 10\S+:7700: the UDP port is closed \(ICMP\)/);
  expect(await node.cli('show peers')).toMatch(/h2 .* down .* port closed/);
});
