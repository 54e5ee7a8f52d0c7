/**
 * Tables as typed arrays side by side: each column is declared once, as a field, and all grow together. A small table is copied when it
 * grows. A large one stands in a room of its own (`rooms.ts`), and takes more of it bit by bit: no frame moves meanwhile.
 */
import { ROOMS, spaced } from './rooms.js';

/** Any typed array of plain numbers. */
type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;
type ViewOf = new (memory: SharedArrayBuffer, offset: number, length: number) => Numbers;

/** What new rows of a column hold, and how many numbers a row has. */
interface Shape {
  readonly fill: number;
  readonly width: number;
}

const shapes = new WeakMap<object, Shape>();

/** What the rows of a table are of. A peer that exists has one row in each table of its kind, and so on. */
export type RowsOf = 'peers' | 'links' | 'timers' | 'sessions' | 'streams' | 'histograms' | 'others';

/** Bytes up to which a table is small. */
const SMALL_BYTES = 32 << 10;
/** Rows by which a large table grows. */
const STEP_ROWS = 256;
/** As many clients as a server takes, and some peers beside them. */
const PEER_ROWS = 65 * 1024;
/** Rows that a large table has room for. */
const ROOM_ROWS: Record<RowsOf, number> = {
  peers: PEER_ROWS,
  links: 2 * PEER_ROWS,
  timers: 8 * PEER_ROWS,
  sessions: 4 * PEER_ROWS,
  streams: 8 * PEER_ROWS,
  histograms: 2 * PEER_ROWS,
  others: 2 * PEER_ROWS,
};

/** Whether so much is copied when it grows. */
export function isSmall(bytes: number): boolean {
  return bytes <= SMALL_BYTES;
}

/** Rows that a large table has room for which needs `rows` of them. */
export function roomFor(of: RowsOf, rows: number): number {
  return Math.max(ROOM_ROWS[of], doubled(rows));
}

/** The power of two at or above a number of rows. */
export function doubled(rows: number): number {
  return 2 ** Math.ceil(Math.log2(rows));
}

function shaped<T extends Numbers>(empty: T, fill: number, width: number): T {
  shapes.set(empty, { fill, width });
  return empty;
}

/** An empty column; `fill` is what new rows hold, `width` how many numbers a row has. */
export function uint8(fill = 0, width = 1): Uint8Array {
  return shaped(new Uint8Array(0), fill, width);
}

/** See `uint8`. */
export function uint16(fill = 0, width = 1): Uint16Array {
  return shaped(new Uint16Array(0), fill, width);
}

/** See `uint8`. */
export function uint32(fill = 0, width = 1): Uint32Array {
  return shaped(new Uint32Array(0), fill, width);
}

/** See `uint8`. */
export function int32(fill = 0, width = 1): Int32Array {
  return shaped(new Int32Array(0), fill, width);
}

/** See `uint8`. */
export function float32(fill = 0, width = 1): Float32Array {
  return shaped(new Float32Array(0), fill, width);
}

/** See `uint8`. */
export function float64(fill = 0, width = 1): Float64Array {
  return shaped(new Float64Array(0), fill, width);
}

/** A column of a table: the name of its field, and where it begins in the table's room. */
interface Column extends Shape {
  readonly name: string;
  offset: number;
}

/** The columns among the fields of a table that were declared before this one. */
export class Columns {
  /** Rows that can be used. */
  capacity = 0;
  /** What a row takes, in bytes. */
  readonly bytesPerRow: number;
  private readonly fields: Record<string, Numbers>;
  private readonly columns: Column[] = [];
  private memory: SharedArrayBuffer | null = null;
  /** Rows that `memory` has room for. */
  private roomRows = 0;

  /** `least`: rows that there are once there are any. */
  constructor(
    table: object,
    readonly of: RowsOf,
    private readonly least = 32,
    private readonly rooms = ROOMS,
  ) {
    this.fields = table as Record<string, Numbers>;
    for (const [name, value] of Object.entries(table)) {
      const shape = shapes.get(Object(value));
      if (shape !== undefined) this.columns.push({ name, offset: 0, ...shape });
    }
    this.bytesPerRow = this.bytesOf(1, (bytes) => bytes);
  }

  /** Has at least `rows` rows from now on; true when there were fewer. */
  ensure(rows: number): boolean {
    if (rows <= this.capacity) return false;
    const least = Math.max(this.least, doubled(rows));
    const isLarge = rows > this.least && !isSmall(least * this.bytesPerRow);
    if (isLarge && rows > this.roomRows) this.move(rows);
    if (rows <= this.roomRows) this.extend(rows);
    else this.copy(least);
    return true;
  }

  /** Sets every column of a row to what new rows hold. */
  reset(row: number): void {
    for (const { name, fill, width } of this.columns) {
      this.fields[name].fill(fill, row * width, (row + 1) * width);
    }
  }

  /** Bytes of so many rows of all columns, those of each by a rule. */
  private bytesOf(rows: number, rule: (bytes: number) => number): number {
    return this.columns.reduce(
      (sum, { name, width }) => sum + rule(rows * width * this.fields[name].BYTES_PER_ELEMENT),
      0,
    );
  }

  /** Moves the table to a larger room, if there is one to be had. */
  private move(rows: number): void {
    const roomRows = roomFor(this.of, rows);
    const room = this.rooms.take(this.bytesOf(roomRows, spaced));
    if (room === null) return;
    this.memory = room.memory;
    this.roomRows = roomRows;
    let { offset } = room;
    for (const column of this.columns) {
      const before = this.fields[column.name];
      column.offset = offset;
      this.view(column, this.capacity).set(before);
      offset += spaced(roomRows * column.width * before.BYTES_PER_ELEMENT);
    }
  }

  /** Takes more of the room. */
  private extend(rows: number): void {
    const before = this.capacity;
    this.capacity = Math.min(this.roomRows, Math.ceil(rows / STEP_ROWS) * STEP_ROWS);
    for (const column of this.columns) {
      const { fill, width } = column;
      const longer = this.view(column, this.capacity);
      if (fill !== 0) longer.fill(fill, before * width);
    }
  }

  /** The first rows of a column, in the table's room; the field is that from now on. */
  private view({ name, width, offset }: Column, rows: number): Numbers {
    const Kind = this.fields[name].constructor as ViewOf;
    const numbers = new Kind(this.memory!, offset, rows * width);
    this.fields[name] = numbers;
    return numbers;
  }

  /** Makes room for so many rows by copying all columns. Zeros are not written: they cost nothing until somebody uses them. */
  private copy(rows: number): void {
    this.capacity = rows;
    for (const { name, fill, width } of this.columns) {
      const before = this.fields[name];
      const Kind = before.constructor as new (length: number) => Numbers;
      const copy = new Kind(rows * width);
      if (fill !== 0) copy.fill(fill, before.length);
      copy.set(before);
      this.fields[name] = copy;
    }
  }
}
