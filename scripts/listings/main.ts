/** `npm run listings`: how long listings, Tab and the rest take with a thousand peers; fails where that is too long. */
import { randomBytes } from 'node:crypto';
import type { ControlConnection } from '../lab/control.js';
import { Lab } from '../lab/lab.js';
import { Mesh, OCTOLINK } from '../lab/mesh.js';
import { capture } from '../lab/run.js';

const PEERS = 1000;
const ROUNDS = 5;
/** What an answer may take on top of the start of the program, in milliseconds; and what Tab may. */
const LISTING_LIMIT_MS = 300;
const TAB_LIMIT_MS = 50;
const COUNTER_LINES_LIMIT = 100;

const LISTINGS = [
  'show peers',
  'show links',
  'show interfaces',
  'show mac-table',
  'show counters',
  'show drops',
  'show events',
  'show mtu',
  'show running-config',
  'show peers name p99*',
  'show links state down limit 20',
] as const;

export const HELP = `usage: npm run listings

Measures how long listings and Tab take of a daemon with ${PEERS} peers. Exit status: 1 if something takes too long.
`;

/** Returns the exit status: 1 if something takes longer, or prints more, than it may. */
export async function main(): Promise<number> {
  const lab = await Lab.build({ hosts: 1, underlays: [{ family: 4 }] });
  let failures = 0;
  const report = (what: string, figure: number, unit: string, limit: number): void => {
    const isTooMuch = figure > limit;
    if (isTooMuch) failures++;
    console.log(
      `${what.padEnd(32)} ${figure.toFixed(0).padStart(5)} ${unit}${isTooMuch ? `, more than ${limit}` : ''}`,
    );
  };
  try {
    const mesh = await Mesh.start(lab, {
      edit: (_, config) => config.replace(' no shutdown', `${peers()} no shutdown`),
    });
    const connection = await mesh.control(1);
    const start = await medianMs(() => says(mesh, 'show version'));
    console.log(
      `${'start of the program'.padEnd(32)} ${start.toFixed(0).padStart(5)} ms, taken off the figures below`,
    );
    for (const line of LISTINGS) {
      report(line, Math.max(0, (await medianMs(() => says(mesh, line))) - start), 'ms', LISTING_LIMIT_MS);
    }
    report('Tab on the name of a peer', await medianMs(() => names(connection)), 'ms', TAB_LIMIT_MS);
    const counters = (await says(mesh, 'show counters')).trimEnd().split('\n');
    report('lines of show counters', counters.length, 'lines', COUNTER_LINES_LIMIT);
    connection.close();
  } finally {
    await lab.remove();
  }
  return failures === 0 ? 0 : 1;
}

/** Blocks of peers that may call, each by one link. */
function peers(): string {
  return Array.from(
    { length: PEERS },
    (_, number) =>
      ` peer p${number}\n  public-key ${randomBytes(32).toString('base64')}\n  link 0\n   remote dynamic\n  exit\n exit\n`,
  ).join('');
}

async function says(mesh: Mesh, line: string): Promise<string> {
  const words = ['-s', mesh.hosts[0].socket, '-c', line];
  const { code, stdout, stderr } = await capture(process.execPath, [OCTOLINK, ...words]);
  if (code !== 0) throw new Error(`"${line}" ended with ${code}: ${stderr}`);
  return stdout;
}

function names(connection: ControlConnection): Promise<string[]> {
  return connection.call('complete', { kind: 'peer' });
}

/** The middle of several rounds. */
async function medianMs(action: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    await action();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[ROUNDS >> 1];
}
