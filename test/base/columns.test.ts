import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Columns, float64, int32, uint8, uint16 } from '../../src/base/columns.js';
import { Rooms } from '../../src/base/rooms.js';

const FILLS = { wide: [7, 3], zero: [0, 1], minus: [-1, 2], small: [0, 5] } as const;
type Field = keyof typeof FILLS;

class Table {
  wide = float64(FILLS.wide[0], FILLS.wide[1]);
  zero = uint16();
  minus = int32(FILLS.minus[0], FILLS.minus[1]);
  small = uint8(FILLS.small[0], FILLS.small[1]);
  readonly columns: Columns;

  constructor(rooms: Rooms) {
    this.columns = new Columns(this, 'others', 4, rooms);
  }

  row(row: number): number[][] {
    return (Object.keys(FILLS) as Field[]).map((name) => {
      const [, width] = FILLS[name];
      return [...this[name].subarray(row * width, (row + 1) * width)];
    });
  }
}

const FRESH = Object.values(FILLS).map(([fill, width]) => Array<number>(width).fill(fill));

/** What the system has: enough, nothing, or one room and no more. */
const systems: Record<string, () => Rooms> = {
  enough: () => new Rooms(),
  nothing: () => new Rooms(() => refuse()),
  once: () => {
    let left = 1;
    return new Rooms((bytes) => (left-- > 0 ? new SharedArrayBuffer(bytes) : refuse()));
  },
};

function refuse(): never {
  throw new RangeError('Array buffer allocation failed');
}

const step = fc.record({
  table: fc.nat(1),
  /** Small tables and large ones. */
  row: fc.oneof(fc.nat(40), fc.nat(2500)),
  field: fc.constantFrom<Field>('wide', 'zero', 'minus', 'small'),
  value: fc.integer({ min: 1, max: 200 }),
  isReset: fc.boolean(),
});

describe('tables', () => {
  it.each(Object.keys(systems))(
    'keep their rows as they grow, new ones hold their fill: memory %s',
    (name) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 2, maxLength: 40 }), (steps) => {
          const rooms = systems[name]();
          const tables = [new Table(rooms), new Table(rooms)];
          const models = [new Map<number, number[][]>(), new Map<number, number[][]>()];
          for (const { table: which, row, field, value, isReset } of steps) {
            const table = tables[which];
            const before = table.columns.capacity;
            expect(table.columns.ensure(row + 1)).toBe(row >= before);
            expect(table.columns.capacity).toBeGreaterThan(row);
            if (isReset) {
              table.columns.reset(row);
              models[which].set(row, FRESH);
            } else {
              const [, width] = FILLS[field];
              table[field][row * width + width - 1] = value;
              models[which].set(row, table.row(row));
            }
          }
          tables.forEach((table, which) => {
            const last = table.columns.capacity - 1;
            for (const row of [...models[which].keys()]
              .flatMap((each) => [each - 1, each, each + 1])
              .concat(last)) {
              if (row >= 0 && row <= last) expect(table.row(row)).toEqual(models[which].get(row) ?? FRESH);
            }
            for (const field of Object.keys(FILLS) as Field[])
              expect(table[field]).toHaveLength(table.columns.capacity * FILLS[field][1]);
          });
        }),
        { numRuns: 30 },
      );
    },
  );

  it.each(Object.keys(systems))('keep their rows when they outgrow their room: memory %s', (name) => {
    const table = new Table(systems[name]());
    for (const rows of [10, 3000, 140_000]) {
      table.columns.ensure(rows);
      table.minus[2 * rows - 1] = rows;
    }
    expect([10, 3000, 140_000].map((rows) => table.minus[2 * rows - 1])).toEqual([10, 3000, 140_000]);
    expect(table.row(139_998)).toEqual(FRESH);
  });

  it('are copied while they are small, and stay where they are once they are large', () => {
    const table = new Table(new Rooms());
    const places = new Set<ArrayBufferLike>();
    for (let rows = 1; rows < 65_536; rows++) {
      if (table.columns.ensure(rows)) places.add(table.zero.buffer);
    }
    // 4, 8, … 512 rows of 39 bytes; then the room.
    expect(places.size).toBe(9);
  });

  it('cost no memory for rows that nobody has used, and V8 does not count what was set aside', () => {
    class Zeros {
      many = float64(0, 100);
      readonly columns = new Columns(this, 'peers');
    }
    const table = new Zeros();
    table.columns.ensure(100);
    const before = process.memoryUsage();
    table.columns.ensure(60_000);
    const after = process.memoryUsage();
    expect(table.many.byteLength).toBeGreaterThan(48e6);
    expect(after.rss - before.rss).toBeLessThan(16e6);
    expect(after.external - before.external).toBeLessThan(16e6);
  });
});

describe('rooms', () => {
  it('do not overlap', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(5000), fc.integer({ min: 1e6, max: 1e8 }))), (sizes) => {
        const rooms = new Rooms();
        const ends = new Map<SharedArrayBuffer, number>();
        for (const bytes of sizes) {
          const room = rooms.take(bytes);
          if (room === null) throw new Error('no memory');
          expect(room.offset).toBeGreaterThanOrEqual(ends.get(room.memory) ?? 0);
          expect(room.offset % 64).toBe(0);
          ends.set(room.memory, room.offset + bytes);
          expect(room.memory.byteLength).toBeGreaterThanOrEqual(room.offset + bytes);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are told of as a whole, before they are used', () => {
    const rooms = new Rooms();
    const told: number[] = [];
    rooms.onMemory = (memory) => told.push(memory.length);
    rooms.take(100);
    rooms.take(100);
    rooms.takeWhole(5);
    expect(told).toEqual([64 << 20, 5]);
  });

  it('are not asked for again after a refusal; another error is one', () => {
    let asked = 0;
    const rooms = new Rooms(() => {
      asked++;
      return refuse();
    });
    expect([rooms.take(10), rooms.take(10), rooms.takeWhole(10)]).toEqual([null, null, null]);
    expect(asked).toBe(1);
    const closed = new Rooms();
    closed.close();
    expect(closed.take(10)).toBeNull();
    const broken = new Rooms(() => {
      throw new TypeError('broken');
    });
    expect(() => broken.take(1)).toThrow(TypeError);
  });
});
