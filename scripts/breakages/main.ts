/** `npm run breakages`: breaks two daemons in ten ways and writes what they say to the page of troubleshooting. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../lab/lab.js';
import { newKeyPair, ROOT } from '../lab/mesh.js';
import { Bed } from './bed.js';
import { BREAKAGES, type Breakage } from './cases.js';

const TIMERS = { interval: 50, hold: 250 };

/** Faults of the system around, of which no command tells: what is seen, why, and what helps. */
const BESIDE = `## Faults beside Octolink

| what is seen | why | what helps |
| --- | --- | --- |
| peers are up and frames arrive, but none leave; \`ip -s link show octo0\` counts dropped ones at transmission | the TAP has a queue of length 0, which takes every frame and gives none ([finding](../findings/linux-tap-queue-of-zero.sh)); old advice for virtual devices sets it | \`ip link set octo0 txqueuelen 1000\`, and look for who changed it; a device that octolinkd makes has 1000, and \`show interfaces\` and an event tell of another program that set it to 0 |
| many hosts in namespaces or containers of one machine: \`No buffer space available\`, links that never come up, "neighbour: arp_cache: neighbor table overflow!" in the kernel's log | the kernel counts the neighbours of all namespaces together, 1024 at most ([finding](../findings/linux-neighbours-of-all-namespaces.sh)); with two links between every two hosts that is enough for 23 hosts at most | \`sysctl net.ipv4.neigh.default.gc_thresh3=16384\` on the machine itself |
| a program that watches octo0 (Suricata, a sniffer) misses what bulk carries | it reads super-frames of up to 64 KB, and throws away or cuts what is longer than its snap length | a snap length of 66000 bytes (Suricata: \`default-packet-size\`, [neighbours](neighbours.md)), or \`no offload tap-tso\` and \`no offload tap-uso\` on the interface |
`;

interface Told {
  breakage: Breakage;
  peers: string;
  answer: string;
}

export const HELP = `usage: npm run breakages [-- WORD…]

Breaks a tunnel in ten ways and writes what is said of each to docs/troubleshooting.md.

  WORD   part of a title: only those, and no page is written
`;

/** `words`: parts of titles; without any, all are run and the page is written. Returns the exit status. */
export async function main(words: readonly string[]): Promise<number> {
  const wanted = BREAKAGES.filter(
    ({ title }) => words.length === 0 || words.some((word) => title.toLowerCase().includes(word)),
  );
  const lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 4 }] });
  const told: Told[] = [];
  let failures = 0;
  try {
    const keys = lab.hosts.map(newKeyPair);
    for (const breakage of wanted) {
      try {
        const found = await tell(lab, keys, breakage);
        told.push(found);
        console.log(chapter(found));
      } catch (error) {
        failures++;
        console.error(`${breakage.title}: ${(error as Error).message}`);
      }
    }
  } finally {
    await lab.remove();
  }
  if (words.length === 0 && failures === 0)
    writeFileSync(join(ROOT, 'docs', 'troubleshooting.md'), pageOf(told, keysIn(told)));
  console.log(`${told.length} of ${wanted.length} breakages name their cause`);
  return failures === 0 ? 0 : 1;
}

async function tell(lab: Lab, keys: ReturnType<typeof newKeyPair>[], breakage: Breakage): Promise<Told> {
  const edit = breakage.edit ?? ((_: number, config: string) => config);
  const options = { timers: TIMERS, damping: true };
  const bed = new Bed(lab, keys, (host, config) => edit(host, onlyOf(host, config)), options);
  try {
    await breakage.breakIt(bed);
    const answer = await bed.until(breakage.command, breakage.says);
    return { breakage, peers: await bed.until('show peers', breakage.peers), answer };
  } finally {
    await breakage.mend?.(bed);
    await bed.clear();
  }
}

/** h1 has h2 for its peer, every other host has h1. */
function onlyOf(host: number, config: string): string {
  const unwanted = host === 1 ? /^ peer h3\n(?: {2}.*\n)* exit\n/m : /^ peer h[23]\n(?: {2}.*\n)* exit\n/gm;
  return config.replace(unwanted, '');
}

/** Keys that were drawn for this run, which the page does not show. */
function keysIn(told: readonly Told[]): string[] {
  return told.flatMap(({ answer }) => answer.match(/[\w+/]{43}=/g) ?? []);
}

function pageOf(told: readonly Told[], keys: readonly string[]): string {
  const intro = [
    '# Troubleshooting',
    '',
    "`octolink doctor` looks for common faults, says what fixes each, and ends with 1 if there are any. Where it sees the daemon's interfaces,",
    'it also looks at this host: while a link hears nothing, at chains of nftables that drop by default (as root), at strict reverse',
    'path filters and at ports of bridges that links are bound to; always at duplicate IPv6 addresses, and at whether a time server keeps the clock. It has each peer answer by each link that works: that',
    'tells which links are behind NAT, whether heartbeats keep those open, and which peers run another version. IPv4 addresses that two stations',
    'have it knows where `arp-suppression` is on. What no program here can see, such as',
    'a firewall on the way, it cannot name; [`trace peer`](links.md#what-lies-on-the-way-of-a-link) says how far datagrams of a link get.',
    '`show peers` says in its last column why a peer is down; `explain peer NAME` says what was seen and what to do,',
    'and who on the way says by ICMP that a port is closed or forbidden. This page',
    'is made by `npm run breakages`, which breaks a tunnel in ten ways: h1 asks, and its peer is h2.',
    '',
  ];
  const text = [...intro, ...told.map(chapter), BESIDE].join('\n');
  return keys.reduce((page, key) => page.replaceAll(key, 'Qyw3…key of h2…='), text);
}

function chapter({ breakage, peers, answer }: Told): string {
  const { title, story, remedy, command } = breakage;
  const screen = ['```', 'h1# show peers', peers.trimEnd(), `h1# ${command}`, answer.trimEnd(), '```'];
  return [`## ${title}`, '', story, '', ...screen, '', remedy, ''].join('\n');
}
