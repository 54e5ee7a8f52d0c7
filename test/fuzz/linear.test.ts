/** No input is slow: twice as much of it takes twice as many steps. Steps are counted by the engine, not by a clock. */
import { Session } from 'node:inspector/promises';
import { afterAll, describe, expect, it } from 'vitest';

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
afterAll(() => session.disconnect());

// The engine counts the blocks of code that it compiles from now on.
const { execTree } = await import('../../src/cli/commands/index.js');
const { splitPipes } = await import('../../src/cli/interpreter/pipes.js');
const { parseConfig } = await import('../../src/config/edit.js');
const { renderConfig } = await import('../../src/config/render.js');
const { withoutSecrets } = await import('../../src/config/secrets.js');
const { LineSplitter } = await import('../../src/daemon/control/lines.js');
const { checkEnvelope, checkParams, decodeMessage } = await import('../../src/daemon/control/requests.js');
const { METHODS } = await import('../../src/daemon/methods/index.js');
const { completeLine } = await import('../../src/grammar/complete.js');
const { matchLine } = await import('../../src/grammar/match.js');
const { splitLine } = await import('../../src/grammar/words.js');

/** How often the blocks of our own code are entered while `work` runs. */
async function stepsOf(work: () => void): Promise<number> {
  await session.post('Profiler.takePreciseCoverage');
  work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const ours = result.filter(({ url }) => url.includes('/dist/src/'));
  const ranges = ours.flatMap(({ functions }) => functions.flatMap((one) => one.ranges));
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

const address = (index: number) => `10.${(index >> 8) & 255}.${index & 255}.1`;
const times = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

const readLine = (text: string) => {
  splitPipes(text);
  matchLine(execTree(true), splitLine(text));
  completeLine(execTree(true), text);
  withoutSecrets(text);
};
const readConfig = (text: string) => {
  const { config, syntax } = parseConfig(text);
  if (syntax.length === 0) renderConfig(config);
};
const readRequests = (text: string) => {
  for (const line of new LineSplitter(2 ** 24).push(Buffer.from(text)) ?? []) {
    const envelope = checkEnvelope(decodeMessage(line));
    if (!('wrong' in envelope)) checkParams(METHODS['config.apply'], envelope.params);
  }
};
const request = (params: object) =>
  `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'config.apply', params })}\n`;

const CASES: [string, (text: string) => void, (size: number) => string][] = [
  ['a word repeated', readLine, (size) => 'show '.repeat(size)],
  ['options repeated', readLine, (size) => `ping peer a ${'count 1 '.repeat(size)}`],
  ['a long word', readLine, (size) => 'show peer '.padEnd(size * 8, 'x')],
  ['digits and dots', readLine, (size) => `show peer ${'1.'.repeat(size * 4)}`],
  ['blanks', readLine, (size) => `show${' '.repeat(size * 8)}x`],
  ['quotes', readLine, (size) => `show peer "${'a\\"'.repeat(size * 2)}"`],
  ['bars', readLine, (size) => `show version ${'| include x '.repeat(size)}`],
  ['things like keys', readLine, (size) => `${'A'.repeat(43)}= `.repeat(size)],
  [
    'peers',
    readConfig,
    (size) => `interface a\n${times(size, (at) => `peer p${at}\nlink 0\nremote ${address(at)}`)}`,
  ],
  ['the same peer', readConfig, (size) => `interface a\n${times(size, () => 'peer p\nexit')}`],
  ['interfaces', readConfig, (size) => times(size, (at) => `interface t${at}`)],
  ['addresses', readConfig, (size) => `interface a\n${times(size, (at) => `address ${address(at)}/24`)}`],
  [
    'peers made and removed',
    readConfig,
    (size) =>
      `interface a\n${times(size, (at) => `peer p${at}\nexit`)}\n${times(size, (at) => `no peer p${at}`)}`,
  ],
  ['lines that are wrong', readConfig, (size) => times(size, (at) => `nonsense ${at}`)],
  [
    'a long request',
    readRequests,
    (size) => request({ context: [], lines: Array(size).fill('mtu 1400'), mode: 'merge', checkOnly: true }),
  ],
  ['many requests', readRequests, (size) => request({ context: [], lines: [] }).repeat(size)],
  ['a deep request', readRequests, (size) => request(JSON.parse(`${'['.repeat(size)}${']'.repeat(size)}`))],
];

describe('steps grow with the input, and no faster', () => {
  const SIZE = 500;

  it.each(CASES)('%s', async (_title, read, make) => {
    read(make(SIZE));
    const [once, twice, fourTimes] = [
      await stepsOf(() => read(make(SIZE))),
      await stepsOf(() => read(make(2 * SIZE))),
      await stepsOf(() => read(make(4 * SIZE))),
    ];
    expect(twice / once).toBeLessThan(2.2);
    expect(fourTimes / once).toBeLessThan(4.4);
  });
});
