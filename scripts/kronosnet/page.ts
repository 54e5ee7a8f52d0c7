/** docs/kronosnet-drill.md and its picture, from what every contender gave. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { escapeHtml } from '../drill/plot.js';
import { ROOT } from '../lab/mesh.js';

export interface Trial {
  kind: string;
  /** From the death until the near end said so, in ms. */
  noticedMs: number;
  /** Longest time without an answer to a ping every 2 ms. */
  silenceMs: number;
  lost: number;
  doubled: number;
}

export interface Account {
  name: string;
  title: string;
  intervalMs: number;
  holdMs: number;
  /** TCP, one connection. */
  gbitPerS: number;
  /** Of both ends together. */
  processorSPerGb: number;
  trials: Trial[];
}

const HEAD = `# Octolink beside libknet

\`npm run kronosnet\` joins two hosts in network namespaces over two links: by libknet 1.25 as Debian has it, with a TAP device for
its data as kronosnetd had (\`scripts/kronosnet/knet-tap.c\`, AES-256 and SHA-256), and by Octolink (its default cipher). Both get the
same ping every 2 ms, the same deaths of the link in use, and the same TCP connection. MTU 1400 at both, policy passive unless
stated. Silence is the longest time without an answer; values are median and worst of all deaths of a kind.

![silence after each death](kronosnet-drill.svg)

`;

const AFTER = `
What to read from it. libknet hears of a death by silence, so a lost carrier costs as much as a black hole, and what was sent meanwhile
is lost. Its shortest timers help less than they promise: its threads look every 200 ms
([finding](../findings/libknet-five-pings-a-second.sh)), and a link that was down lately is given more time. Its policy active sends
everything by both links, so a carrier lost at the near end and a black hole cost nothing. But a send that the kernel refuses on the
first link is the end of it for the others ([finding](../findings/libknet-active-stops-at-an-error.sh)): an end whose device is set down
answers by no link until silence has taken the dead one out. And with timers so short a sound link is taken for dead now and then
too, which is what the other losses under active are. Octolink hears of carriers from the
kernel and from the far end, sends again what the dead link was given, and loses nothing under passive.
Absolute throughput is that of a shared machine; compare within the table.
`;

/** Writes the page and its picture. */
export function writePage(accounts: readonly Account[]): void {
  const kinds = [...new Set(accounts.flatMap(({ trials }) => trials.map(({ kind }) => kind)))];
  const lines = [
    '| | timers (ms) | death | noticed (ms) | silence (ms) | pings lost | doubled |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const account of accounts) for (const kind of kinds) lines.push(lineOf(account, kind));
  const bulk = accounts.map(
    (a) => `| ${a.title} | ${a.gbitPerS.toFixed(2)} | ${a.processorSPerGb.toFixed(2)} |`,
  );
  const rates = [
    '',
    `## Bulk (${cpus().length} processors for everything)`,
    '',
    '| | TCP (Gbit/s) | processor seconds a gigabyte, both ends |',
    '| --- | --- | --- |',
    ...bulk,
    '',
  ];
  writeFileSync(join(ROOT, 'docs', 'kronosnet-drill.md'), HEAD + [...lines, ...rates].join('\n') + AFTER);
  writeFileSync(join(ROOT, 'docs', 'kronosnet-drill.svg'), picture(accounts, kinds));
}

function lineOf({ title, intervalMs, holdMs, trials }: Account, kind: string): string {
  const found = trials.filter((trial) => trial.kind === kind);
  const cell = (values: number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    return `${sorted[Math.floor((sorted.length - 1) / 2)].toFixed(0)}, ${sorted.at(-1)!.toFixed(0)}`;
  };
  const cells = [
    found.map((t) => t.noticedMs),
    found.map((t) => t.silenceMs),
    found.map((t) => t.lost),
    found.map((t) => t.doubled),
  ];
  return `| ${title} | ${intervalMs}/${holdMs} | ${kind} | ${cells.map(cell).join(' | ')} |`;
}

const LEFT = 210;
const WIDTH = 760;
const ROW = 18;
const LEAST_MS = 1;
const MOST_MS = 10_000;
const COLOURS: Record<string, string> = {
  'carrier-down': '#0072b2',
  'far-down': '#009e73',
  'black-hole': '#d55e00',
};

function picture(accounts: readonly Account[], kinds: readonly string[]): string {
  const x = (ms: number) =>
    LEFT + (Math.log10(Math.max(LEAST_MS, ms)) / Math.log10(MOST_MS)) * (WIDTH - LEFT - 20);
  const bottom = accounts.length * kinds.length * ROW + 30;
  const parts: string[] = [];
  for (let ms = LEAST_MS; ms <= MOST_MS; ms *= 10) {
    parts.push(
      `<line x1="${x(ms)}" x2="${x(ms)}" y1="24" y2="${bottom}" stroke="#ccc"/><text x="${x(ms)}" y="${bottom + 14}" text-anchor="middle">${ms} ms</text>`,
    );
  }
  kinds.forEach((kind, i) => {
    parts.push(
      `<circle cx="${LEFT + i * 120}" cy="10" r="4" fill="${COLOURS[kind]}"/><text x="${LEFT + 8 + i * 120}" y="14">${kind}</text>`,
    );
  });
  accounts.forEach(({ title, trials }, row) => {
    const top = 36 + row * kinds.length * ROW;
    parts.push(`<text x="${LEFT - 8}" y="${top + ROW + 4}" text-anchor="end">${escapeHtml(title)}</text>`);
    kinds.forEach((kind, i) => {
      for (const { silenceMs } of trials.filter((trial) => trial.kind === kind)) {
        parts.push(
          `<circle cx="${x(silenceMs).toFixed(1)}" cy="${top + i * ROW}" r="4" fill="${COLOURS[kind]}" fill-opacity="0.7"/>`,
        );
      }
    });
  });
  const label = 'Longest silence after each death of the link in use, on a logarithmic scale';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 24}" font-family="sans-serif" font-size="12" role="img" aria-label="${label}"><rect width="100%" height="100%" fill="#fff"/>${parts.join('\n')}</svg>\n`;
}
