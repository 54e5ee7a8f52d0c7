/** Authorized keys: what lines mean, and what stays in force whatever becomes of the file. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readKeyLine } from '../../src/config/authorized-keys.js';
import { Admission, ClientTable, type KeysRead, KeysReading } from '../../src/handshake/admission.js';
import { MAX_CLIENTS } from '../../src/handshake/client.js';

const keyOf = (number: number) => {
  const bytes = Buffer.alloc(32, 7);
  bytes.writeUInt32BE(number);
  return bytes.toString('base64');
};

function read(text: string, before = new ClientTable(), step = 3): KeysRead {
  const reading = new KeysReading(text, before);
  while (!reading.step(step));
  return reading.finish();
}

describe('a line', () => {
  it.each([
    ['', null],
    ['   # nothing', null],
    [`alice ${keyOf(1)}`, { name: 'alice', publicKey: keyOf(1) }],
    [`\t alice   ${keyOf(1)}  # hers\r`, { name: 'alice', publicKey: keyOf(1) }],
    [
      `alice ${keyOf(1)} template=gold description="at home, # 3" expires=2027-01-31T12:00Z`,
      {
        name: 'alice',
        publicKey: keyOf(1),
        template: 'gold',
        description: 'at home, # 3',
        expiresMs: Date.UTC(2027, 0, 31, 12),
      },
    ],
    [
      `alice ${keyOf(1)} vlan="access 10"`,
      { name: 'alice', publicKey: keyOf(1), vlan: { mode: 'access', vlan: 10 } },
    ],
    [
      `alice ${keyOf(1)} vlan="trunk allowed 30,20-29 native 7"`,
      { name: 'alice', publicKey: keyOf(1), vlan: { mode: 'trunk', native: 7, allowed: '20-30' } },
    ],
    [
      `alice ${keyOf(1)} expires=2027-01-31`,
      { name: 'alice', publicKey: keyOf(1), expiresMs: Date.UTC(2027, 0, 31) },
    ],
    [
      `alice ${keyOf(1)} expires=2027-01-31T12:00`,
      { name: 'alice', publicKey: keyOf(1), expiresMs: Date.UTC(2027, 0, 31, 12) },
    ],
  ])('%j is read', (text, meaning) => {
    expect(readKeyLine(text)).toEqual(meaning);
  });

  it.each([
    ['alice'],
    ['-alice key'],
    [`alice ${keyOf(1).slice(0, 40)}`],
    [`alice ${keyOf(1)} gold`],
    [`alice ${keyOf(1)} colour=red`],
    [`alice ${keyOf(1)} template=gold template=gold`],
    [`alice ${keyOf(1)} expires=2027-02-31x`],
    [`alice ${keyOf(1)} vlan=10`],
    [`alice ${keyOf(1)} vlan="access 0"`],
    [`alice ${keyOf(1)} vlan="access 10 trunk"`],
    [`alice ${keyOf(1)} vlan="trunk" vlan="trunk"`],
    [`alice ${keyOf(1)} expires=tomorrow`],
    [`alice ${keyOf(1)} description="open`],
    [`alice ${keyOf(1)} description=${'x'.repeat(300)}`],
    [`alice ${keyOf(1)} ${' '.repeat(2000)}`],
  ])('%j is refused, and nothing of it is quoted', (text) => {
    const problem = readKeyLine(text);
    expect(problem).toEqual(expect.any(String));
    expect(problem).not.toContain('alice');
    expect(problem).not.toContain('colour');
  });

  it('of any text is read or refused, never worse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const line = readKeyLine(text);
        if (line !== null && typeof line !== 'string')
          expect(Buffer.from(line.publicKey, 'base64')).toHaveLength(32);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a file', () => {
  it('refuses a name or a key for the second time, with the number of the line', () => {
    const text = `alice ${keyOf(1)}\nalice ${keyOf(2)}\n\nbob ${keyOf(1)}\n`;
    const { table, problems, wrong } = read(text);
    expect([...table.all()].map(({ name, line }) => [name, line])).toEqual([['alice', 1]]);
    expect(wrong).toBe(2);
    expect(problems.map(({ line }) => line)).toEqual([2, 4]);
  });

  it('is bounded', () => {
    const lines = Array.from({ length: MAX_CLIENTS + 3 }, (_, index) => `c${index} ${keyOf(index)}`);
    const { table, wrong } = read(lines.join('\n'), undefined, 5000);
    expect([table.size, wrong]).toEqual([MAX_CLIENTS, 3]);
  });

  it('keeps what a client said last, under whatever name its key stands', () => {
    const first = read(`alice ${keyOf(1)}`).table;
    const [alice] = first.all();
    alice.memory.lastTimestamp = 42;
    const [alicia] = read(`alicia ${keyOf(1)} template=gold`, first).table.all();
    expect(alicia).toMatchObject({ name: 'alicia', template: 'gold', memory: { lastTimestamp: 42 } });
  });
});

describe('admission', () => {
  it('ends with the time of a client', () => {
    let nowMs = 0;
    const admission = new Admission({ wallClockMs: () => nowMs });
    admission.table = read(`alice ${keyOf(1)} expires=1970-01-02`).table;
    const key = Buffer.from(keyOf(1), 'base64');
    expect(admission.judge(key)).toMatchObject({ name: 'alice' });
    nowMs = 86_400_000;
    expect(admission.judge(key)).toBe('client-expired');
    expect(admission.judge(Buffer.alloc(32, 9))).toBe('unknown-peer');
    admission.clear();
    expect(admission.judge(key)).toBe('unknown-peer');
  });

  /** One line of a model file: whom it admits, or whom a wrong line names. */
  type ModelLine = { name: number; key: number; broken: false | 'key' | 'option' };
  const textOf = ({ name, key, broken }: ModelLine) =>
    broken === 'key'
      ? `n${name} ${keyOf(key).slice(0, 30)}`
      : `n${name} ${keyOf(key)}${broken ? ' nonsense' : ''}`;
  const line: fc.Arbitrary<ModelLine> = fc.record({
    name: fc.nat(7),
    key: fc.nat(7),
    broken: fc.constantFrom<ModelLine['broken']>(false, false, false, 'key', 'option'),
  });

  it('after any edits is that of the good lines, and of those whom wrong lines name and admitted before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(line, { maxLength: 10 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        (files, step) => {
          let table = new ClientTable();
          let model = new Map<number, number>();
          for (const lines of files) {
            const result = read(lines.map(textOf).join('\n'), table, step);
            const next = new Map<number, number>();
            const has = (name: number, key: number) => next.has(name) || [...next.values()].includes(key);
            const wrong: ModelLine[] = [];
            for (const one of lines) {
              if (one.broken !== false || has(one.name, one.key)) wrong.push(one);
              else next.set(one.name, one.key);
            }
            for (const one of wrong) {
              const named = [...model].filter(([name]) => name === one.name);
              const keyed = one.broken === 'key' ? [] : [...model].filter(([, key]) => key === one.key);
              for (const [name, key] of [...named, ...keyed]) if (!has(name, key)) next.set(name, key);
            }
            const found = [...result.table.all()].map(({ name, key }): [number, number] => [
              Number(name.slice(1)),
              Buffer.from(key, 'latin1').readUInt32BE(),
            ]);
            expect(new Map(found)).toEqual(next);
            expect(result.wrong).toBe(wrong.length);
            const stayed = [...next.values()].filter((key) => [...model.values()].includes(key)).length;
            expect([result.added, result.removed]).toEqual([next.size - stayed, model.size - stayed]);
            table = result.table;
            model = next;
          }
        },
      ),
    );
  });
});
