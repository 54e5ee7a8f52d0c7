/** `npm run breakages`: breaks two daemons in ten ways and writes what they say to the page of troubleshooting. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../lab/lab.js';
import { newKeyPair, ROOT } from '../lab/mesh.js';
import { Bed } from './bed.js';
import { BREAKAGES, type Breakage } from './cases.js';

const TIMERS = { interval: 50, hold: 250 };

interface Told {
  breakage: Breakage;
  peers: string;
  answer: string;
}

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
    '`octolink doctor` looks for common faults, says what fixes each, and ends with 1 if there are any.',
    '`show peers` says in its last column why a peer is down; `explain peer NAME` says what was seen and what to do. This page',
    'is made by `npm run breakages`, which breaks a tunnel in ten ways: h1 asks, and its peer is h2.',
    '',
  ];
  const text = [...intro, ...told.map(chapter)].join('\n');
  return keys.reduce((page, key) => page.replaceAll(key, 'Qyw3…key of h2…='), text);
}

function chapter({ breakage, peers, answer }: Told): string {
  const { title, story, remedy, command } = breakage;
  const screen = ['```', 'h1# show peers', peers.trimEnd(), `h1# ${command}`, answer.trimEnd(), '```'];
  return [`## ${title}`, '', story, '', ...screen, '', remedy, ''].join('\n');
}
