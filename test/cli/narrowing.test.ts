import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiMethods } from '../../scripts/docs/api-methods.js';
import type { Counter } from '../../src/api/index.js';
import type { Cli } from '../../src/cli/commands/command.js';
import { counterDeltaCommands } from '../../src/cli/commands/counters-delta.js';
import { execCommands } from '../../src/cli/commands/index.js';
import { type Narrowing, narrowed, narrowedRows, narrowingOf } from '../../src/cli/commands/narrowing.js';
import type { OutputStream } from '../../src/cli/output/render.js';
import { syntaxOf } from '../../src/grammar/command.js';
import { fits } from '../../src/grammar/pattern.js';

async function* pages(given: number[][]): AsyncGenerator<number[]> {
  yield* given;
}

async function rows(given: number[][], narrowing: Partial<Narrowing<number>>): Promise<number[]> {
  const whole = { keep: () => true, order: null, limit: Number.POSITIVE_INFINITY, ...narrowing };
  const found: number[] = [];
  for await (const part of narrowed(pages(given), whole)) found.push(...part);
  return found;
}

describe('what narrows a listing', () => {
  it('keeps, sorts and limits the same however the rows are cut into pages', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 9 }))),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        async (given, limit, isSorted) => {
          const order = isSorted ? (a: number, b: number) => a - b : null;
          const kept = given.flat().filter((row) => row % 2 === 0);
          const expected = (order === null ? kept : [...kept].sort(order)).slice(0, limit);
          expect(await rows(given, { keep: (row) => row % 2 === 0, order, limit })).toEqual(expected);
        },
      ),
    ));

  it('asks for no page after the last row that is wanted', async () => {
    const untouched = async function* (): AsyncGenerator<number[]> {
      yield [1, 2];
      throw new Error('one page too many');
    };
    const found: number[] = [];
    for await (const part of narrowed(untouched(), { keep: () => true, order: null, limit: 2 }))
      found.push(...part);
    expect(found).toEqual([1, 2]);
  });

  it.each([
    ['osaka', 'osaka', true],
    ['osaka', 'osaka2', false],
    ['p?', 'p?', true],
    ['p?', 'p1', false],
    ['*-dc1', 'web-dc1', true],
    ['a.c', 'abc', false],
    ['(x+[', '(x+[', true],
  ])('pattern %s and name %s: %s', (pattern, name, expected) => {
    expect(fits(pattern, name)).toBe(expected);
  });
});

describe('a listing', () => {
  /** Answers in lists that are no tables: one in detail, sums, pictures, metrics. */
  const NO_TABLES =
    /^show (interfaces \[|peers (summary|NAME)|links history|mac-table count|metrics)|^(clear|top|watch|who|list) ?/;
  const listing = new Set(apiMethods().flatMap(({ name, result }) => (result.endsWith('[]') ? [name] : [])));
  const LISTINGS = execCommands(true)
    .filter(({ json }) => json !== null && 'resultOf' in json && listing.has(json.resultOf))
    .map(({ tokens }) => syntaxOf(tokens))
    .filter((form) => !NO_TABLES.test(form));

  it('is every command that shows rows', () => expect(LISTINGS.length).toBeGreaterThan(15));

  it.each(LISTINGS)('%s is narrowed by name, in order and to a number of rows', (form) => {
    expect(form).toContain('[limit <1-100000>]');
    expect(form).toContain('[name WORD]');
    expect(form).toMatch(/\[sort \S+/);
  });

  it('keeps of rows at hand what it keeps of rows that come', () => {
    const ways = {
      states: { words: { even: 'Even' }, of: (row: number) => (row % 2 === 0 ? 'even' : null) },
      name: { help: 'Number', of: (row: number) => String(row) },
      sorts: { down: { help: 'Largest first', order: (a: number, b: number) => b - a } },
    };
    const given = { state: 'even', pattern: '1*', sort: 'down', limit: 2 };
    const all = Array.from({ length: 30 }, (_, row) => row);
    expect(narrowedRows(all, narrowingOf(ways, given))).toEqual([18, 16]);
    expect(all[0]).toBe(0);
  });
});

describe('show counters delta', () => {
  async function ask(cli: Pick<Cli, 'counters'>, values: Record<string, number>) {
    const counters = Object.entries(values).map(
      ([name, value]): Counter => ({
        interface: 'octo0',
        peer: null,
        link: null,
        name,
        counter: name,
        value,
      }),
    );
    const [delta] = counterDeltaCommands;
    const client = async () => ({ request: async () => ({ rows: counters, next: null }) });
    const whole = Object.assign(cli, { client, interactive: false, signal: new AbortController().signal });
    const found = (await delta.run(whole as unknown as Cli, {})) as OutputStream;
    const grown: Record<string, number> = {};
    const text: string[] = [];
    for await (const part of found.parts) {
      text.push(...part.text);
      for (const { name, value } of part.data as Counter[]) grown[name] = value;
    }
    return { grown, text };
  }

  it('tells growth since the last time, and counts from zero after a clear', async () => {
    const cli = { counters: null };
    const first = await ask(cli, { rx: 5, tx: 0 });
    expect(first).toEqual({ grown: {}, text: [expect.stringMatching(/^Counters noted/)] });
    expect((await ask(cli, { rx: 7, tx: 1 })).grown).toEqual({ rx: 2, tx: 1 });
    expect((await ask(cli, { rx: 7, tx: 1 })).text).toEqual([expect.stringMatching(/^No counter has grown/)]);
    expect((await ask(cli, { rx: 3, tx: 1 })).grown).toEqual({ rx: 3 });
  });
});
