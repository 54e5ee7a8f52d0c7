/** Many members that find each other by etcd: `npm run registry-drill`. */
import { writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import type { PeerStatus } from '../../src/api/index.js';
import { ControlConnection } from '../lab/control.js';
import { EtcdCluster } from '../lab/etcd.js';
import { hostFolder, Lab } from '../lab/lab.js';
import { type KeyPair, lanAddress, newKeyPair, OCTOLINKD } from '../lab/mesh.js';
import { capture, pause, run, until } from '../lab/run.js';
import { parseOptions, type RegistryDrillOptions } from './options.js';

export { HELP } from './options.js';

const PATIENCE_MS = 120_000;
/** Daemons that are started at once: each loads its program. */
const AT_ONCE = 8;
const SETTLED_MS = 20_000;
const USAGE_ERROR = 64;

let lab: Lab;

/** Runs it. `argv`: the words after the command. Returns the exit code. */
export async function main(argv: string[]): Promise<number> {
  let options: RegistryDrillOptions;
  try {
    options = parseOptions(argv);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return USAGE_ERROR;
  }
  const { members, minutes, pings } = options;
  lab = await Lab.build({ hosts: members + 1, underlays: [{ family: 4 }] });
  try {
    await drill(members, minutes, pings);
    return 0;
  } finally {
    await lab.remove();
  }
}

/** Hosts 2 and up are members; host 1 has etcd. */
async function drill(members: number, minutes: number, pings: number): Promise<void> {
  await introduceHosts();
  const { address } = lab.attachment(1, 1);
  const etcd = await EtcdCluster.start({ lab, host: 1, address, members: 3 });
  const keys = lab.hosts.map(newKeyPair);
  const last = members + 1;
  for (let host = 2; host < last; host++) {
    start(host, keys, etcd.urls);
    if (host % AT_ONCE === 0) await answers(host);
  }
  for (let host = 2; host < last; host++) await upPeers(host, members - 2);
  // All at once is how no network grows: searches for MTUs come to rest first.
  await pause(SETTLED_MS);
  const before = performance.now();
  start(last, keys, etcd.urls);
  await answers(last);
  const served = performance.now();
  await upPeers(last, members - 1);
  const linked = performance.now();
  console.log(
    `${members} members: the new one serves its control socket after ${Math.round(served - before)} ms,`,
  );
  console.log(`and has links to all ${members - 1} others ${Math.round(linked - served)} ms later`);
  console.log(`load of the machine: ${loads()}; ${availableParallelism()} processors`);
  for (const index of etcd.members.keys()) await etcd.stop(index);
  // By a count, not by a time: the last request is waited for then.
  const count = String(minutes * 60 * pings);
  const ping = ['-q', '-n', '-i', String(1 / pings), '-c', count, lanAddress(3)];
  const { stdout } = await capture('ip', ['netns', 'exec', lab.hosts[1].namespace, 'ping', ...ping], {
    timeoutMs: minutes * 60_000 * 2 + PATIENCE_MS,
  });
  const summary = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  console.log(`etcd stopped for ${minutes * 60} s: ${summary?.[0] ?? stdout}`);
  const statuses = await Promise.all(lab.hosts.slice(1).map(({ index }) => peersOf(index)));
  const up = statuses.flatMap((peers) => peers ?? []).filter(({ state }) => state === 'up').length;
  console.log(
    `peers up at all members: ${up} of ${members * (members - 1)}; load of the machine: ${loads()}`,
  );
}

/** Of the last 1, 5 and 15 minutes. */
function loads(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}

/** Makes each host know the MAC address of each other: the kernel has one table of 1,024 neighbours for all namespaces. */
async function introduceHosts(): Promise<void> {
  const neighbours: { address: string; mac: string }[] = [];
  for (const { index, namespace } of lab.hosts) {
    const { device, address } = lab.attachment(index, 1);
    const [link] = JSON.parse(await run('ip', ['-j', '-n', namespace, 'link', 'show', device])) as {
      address: string;
    }[];
    neighbours.push({ address, mac: link.address });
  }
  for (const { index, namespace } of lab.hosts) {
    const { device } = lab.attachment(index, 1);
    const others = neighbours.filter((_, other) => other !== index - 1);
    const lines = others.map(
      ({ address, mac }) => `neigh add ${address} lladdr ${mac} nud permanent dev ${device}`,
    );
    const file = join(hostFolder(lab, index), 'neighbours');
    writeFileSync(file, `${lines.join('\n')}\n`);
    await run('ip', ['-n', namespace, '-batch', file]);
  }
}

function start(host: number, keys: KeyPair[], servers: string[]): void {
  const folder = hostFolder(lab, host);
  const file = (name: string) => join(folder, name);
  writeFileSync(file('key'), `${keys[host - 1].privateKey}\n`, { mode: 0o600 });
  writeFileSync(file('members'), keys.map(({ publicKey }, index) => `h${index + 1} ${publicKey}\n`).join(''));
  const lines = ['interface octo0', `private-key-file ${file('key')}`, `address ${lanAddress(host)}/24`];
  lines.push('peer-template mesh', 'link 0', 'timers interval 2000 hold 6000', 'exit', 'exit');
  lines.push(`authorized-keys ${file('members')} template mesh`);
  lines.push(...servers.map((server) => `registry etcd ${server}`), 'registry prefix /octolink/drill');
  lines.push('no shutdown', 'exit');
  writeFileSync(file('conf'), `${lines.join('\n')}\n`);
  const words = ['--config', file('conf'), '--socket', file('sock'), '--state', file('state')];
  lab.start(host, process.execPath, [...OCTOLINKD, ...words], { logFile: file('log') });
}

async function peersOf(host: number): Promise<PeerStatus[] | null> {
  try {
    const connection = await ControlConnection.open(join(hostFolder(lab, host), 'sock'));
    try {
      return await connection.call('show.peers', {});
    } finally {
      connection.close();
    }
  } catch {
    await pause(20);
    return null;
  }
}

function answers(host: number): Promise<void> {
  return until(`h${host} to answer`, async () => (await peersOf(host)) !== null, PATIENCE_MS, 20);
}

async function upPeers(host: number, count: number): Promise<void> {
  const isUp = async () =>
    ((await peersOf(host)) ?? []).filter(({ state }) => state === 'up').length >= count;
  await until(`h${host} to have ${count} peers`, isUp, PATIENCE_MS, 50);
}
