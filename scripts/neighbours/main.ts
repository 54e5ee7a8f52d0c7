/** `npm run neighbours`: each row in a lab of its own, one after the other, and the page from what they gave. */
import { release } from 'node:os';
import { parseArgs } from 'node:util';
import { CannotRun, unpack } from '../lab/packages.js';
import { Bed } from './bed.js';
import { type Result, writePage } from './page.js';
import type { Row } from './row.js';
import { ROWS } from './rows.js';

export const HELP = `usage: npm run neighbours -- [--only NAME[,NAME…]] [--list]

Runs real programs of other people over a tunnel of two links, cuts the link in use, and writes docs/neighbours.md.
Their Debian packages are unpacked into build/neighbours; nothing is installed.

  --only NAME   rows whose name is NAME or begins with it; the other lines of the page stay
  --list        names of the rows
`;

const HEAD = `# Neighbours

What lives on a LAN, on the LAN that Octolink makes: each program of this table ran in network namespaces over two links while the
link in use was cut, once by its carrier (the kernel says so) and once by a black hole (nobody says anything), with \`timers interval
50 hold 250\`. \`npm run neighbours\` runs them again, or one of them with \`-- --only NAME\`, and writes this page. A row that fails fails the run.

| row | program | asked | without a cut | link in use cut | what to know |
| --- | --- | --- | --- | --- | --- |`;

/** Returns the exit status: 1 if a row failed. */
export async function main(args: string[]): Promise<number> {
  const options = { only: { type: 'string' }, list: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args, options });
  if (values.list) return tell(ROWS.map(({ name, asked }) => `${name.padEnd(24)}${asked}\n`).join(''));
  const wanted = chosen(values.only?.split(','));
  if (wanted.length === 0) {
    process.stderr.write(`no row is called ${values.only}; --list names them\n`);
    return 64;
  }
  const results: Result[] = [];
  let failed = 0;
  for (const row of wanted) {
    const result = await outcomeOf(row);
    if (result === undefined) failed++;
    else results.push(result);
  }
  writePage(ROWS, results, HEAD);
  console.log(`${results.length} of ${wanted.length} rows hold`);
  return failed === 0 ? 0 : 1;
}

function tell(text: string): number {
  process.stdout.write(text);
  return 0;
}

function chosen(names: string[] | undefined): Row[] {
  if (names === undefined) return ROWS;
  return ROWS.filter((row) => names.some((name) => row.name === name || row.name.startsWith(`${name}-`)));
}

/** Undefined: it failed, and that was said. */
async function outcomeOf(row: Row): Promise<Result | undefined> {
  const from = performance.now();
  try {
    const { folder, versions } = await unpack(row.packages);
    const bed = await Bed.make(row, folder);
    try {
      const outcome = await row.run(bed).catch((error: Error) => {
        if (!(error instanceof CannotRun)) error.message += `\n${bed.lastWords()}`;
        throw error;
      });
      const seconds = ((performance.now() - from) / 1000).toFixed(0);
      console.log(`${row.name}: ${outcome.without}; cut: ${outcome.cut} (${seconds} s)`);
      return { row, version: versions[0] ?? release().replace(/-.*/, ''), ...outcome };
    } finally {
      await bed.remove();
    }
  } catch (error) {
    if (error instanceof CannotRun) {
      console.log(`${row.name}: skipped: ${error.message}`);
      return { row, version: '', without: `skipped: ${error.message}`, cut: '' };
    }
    console.error(`${row.name}: FAILED: ${(error as Error).message}`);
    return undefined;
  }
}
