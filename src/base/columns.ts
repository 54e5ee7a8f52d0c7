/** Tables as typed arrays side by side: each column is declared once, as a field, and all grow together. */
import { enlarged, type Numbers } from './arrays.js';

/** What new rows of a column hold, and how many numbers a row has. */
interface Shape {
  readonly fill: number;
  readonly width: number;
}

const shapes = new WeakMap<object, Shape>();

/** What the rows of a table are of. A peer that exists has one row in each table of its kind, and so on. */
export type RowsOf = 'peers' | 'links' | 'timers' | 'sessions' | 'streams' | 'histograms' | 'others';

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

/** The columns among the fields of a table that were declared before this one. */
export class Columns {
  /** Rows that there is room for. */
  capacity = 0;
  /** What a row takes, in bytes. */
  readonly bytesPerRow: number;
  private readonly fields: Record<string, Numbers>;
  private readonly shapes: (readonly [string, Shape])[] = [];

  /** `least`: rows that there is room for once there are any. */
  constructor(
    table: object,
    readonly of: RowsOf,
    private readonly least = 32,
  ) {
    this.fields = table as Record<string, Numbers>;
    for (const [name, value] of Object.entries(table)) {
      const shape = shapes.get(Object(value));
      if (shape !== undefined) this.shapes.push([name, shape]);
    }
    this.bytesPerRow = this.shapes.reduce(
      (sum, [name, { width }]) => sum + width * this.fields[name].BYTES_PER_ELEMENT,
      0,
    );
  }

  /** Makes room for `rows` rows, at least doubling it; true when there was too little. */
  ensure(rows: number): boolean {
    if (rows <= this.capacity) return false;
    this.capacity = Math.max(this.least, 2 ** Math.ceil(Math.log2(rows)));
    for (const [name, { fill, width }] of this.shapes) {
      this.fields[name] = enlarged(this.fields[name], this.capacity * width, fill);
    }
    return true;
  }

  /** Sets every column of a row to what new rows hold. */
  reset(row: number): void {
    for (const [name, { fill, width }] of this.shapes) {
      this.fields[name].fill(fill, row * width, (row + 1) * width);
    }
  }
}
