/** `show counters delta`: what counters have grown by since they were last asked for like this. */
import type { Counter } from '../../api/index.js';
import { keyword, options, type Token } from '../../grammar/command.js';
import { counterDeltaTable } from '../output/shows.js';
import { command, type ExecCommand, OF_INTERFACE, OF_PEER, SHOW } from './command.js';
import { COUNTER_WAYS, COUNTERS_HELP, fetchCounters, pagesOf, partsOf } from './listings.js';
import { groupsOf, type NarrowArgs, narrowed, narrowingOf } from './narrowing.js';

const TOKENS: readonly Token[] = [
  SHOW,
  keyword('counters', COUNTERS_HELP),
  keyword('delta', 'Growth since the last "show counters delta" of this program'),
  options(OF_PEER, OF_INTERFACE, ...groupsOf(COUNTER_WAYS)),
];

export const counterDeltaCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: TOKENS,
    details:
      'The first time it only notes the counters. Counters that were cleared meanwhile are counted from zero.',
    json: { resultOf: 'show.counters' },
    async run(cli, args: unknown) {
      const filter = args as NarrowArgs & { peer?: string; interface?: string };
      const within = filter.interface === undefined ? {} : { interface: filter.interface };
      const before = cli.counters;
      const values = new Map<string, number>(before?.values);
      const now = Date.now();
      cli.counters = { timeMs: now, values };
      const all = pagesOf(cli, within, fetchCounters(filter));
      const grown = grownRows(all, before?.values ?? null, values);
      const rows = narrowed(grown, narrowingOf(COUNTER_WAYS, filter));
      const seconds = before === null ? null : (now - before.timeMs) / 1000;
      return { json: 'array', parts: partsOf(cli, rows, counterDeltaTable(seconds)) };
    },
  }),
];

/** Counters that have grown, by how much; `after` takes the values that they have now. */
async function* grownRows(
  pages: AsyncIterable<Counter[]>,
  before: ReadonlyMap<string, number> | null,
  after: Map<string, number>,
): AsyncGenerator<Counter[]> {
  for await (const page of pages) {
    const grown: Counter[] = [];
    for (const counter of page) {
      const key = `${counter.interface}\n${counter.peer ?? ''}\n${counter.link ?? ''}\n${counter.name}`;
      const was = before?.get(key) ?? 0;
      if (counter.value === 0) after.delete(key);
      else after.set(key, counter.value);
      const value = counter.value < was ? counter.value : counter.value - was;
      if (before !== null && value > 0) grown.push({ ...counter, value });
    }
    yield grown;
  }
}
