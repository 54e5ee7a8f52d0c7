/** What members' messages are made of: names, numbers and endpoints, each written in one way only. */
import { readU16, writeU16 } from '../base/bytes.js';
import { type IpAddress, unusableHost } from '../grammar/address.js';
import { isRefusal, NAME } from '../grammar/values.js';

const MAX_LINK = 7;
/** Bytes of the longest name: as many as names of peers have in ASCII. */
export const MAX_NAME_BYTES = 63;

/** Where one link of a member can be reached, as the member knows it. */
export interface Endpoint {
  /** Id of the link, 0–7. */
  link: number;
  address: IpAddress;
  port: number;
}

/** Ascending by link, family, address and port. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return (
    a.link - b.link ||
    a.address.bytes.length - b.address.bytes.length ||
    Buffer.compare(Uint8Array.from(a.address.bytes), Uint8Array.from(b.address.bytes)) ||
    a.port - b.port
  );
}

/** Ascending by the bytes of UTF-8. */
export function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Whether values are in order, none twice. */
export function ascends<T>(values: readonly T[], compare: (a: T, b: T) => number): boolean {
  return values.every((value, index) => index === 0 || compare(values[index - 1], value) < 0);
}

/** Writes a text of at most 255 bytes with its length before it; returns where the next value begins. */
export function writeText(bytes: Buffer, at: number, text: string): number {
  const length = bytes.write(text, at + 1);
  bytes[at] = length;
  return at + 1 + length;
}

/** Writes an endpoint; returns where the next one begins. */
export function writeEndpoint(bytes: Uint8Array, at: number, { link, address, port }: Endpoint): number {
  bytes[at] = link;
  bytes[at + 1] = address.family;
  writeU16(bytes, at + 2, port);
  bytes.set(address.bytes, at + 4);
  return at + 4 + address.bytes.length;
}

/** Takes values one after another; from the first that is not there on, `isDone` will be false. */
export class Reader {
  private hasFailed = false;

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly end: number,
  ) {}

  /** Whether all was read, and all was right. */
  get isDone(): boolean {
    return !this.hasFailed && this.at === this.end;
  }

  /** Where the next value begins; null when there is none. */
  private take(length: number): number | null {
    const { at } = this;
    if (this.hasFailed || at + length > this.end) {
      this.hasFailed = true;
      return null;
    }
    this.at += length;
    return at;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    const at = this.take(1);
    return at === null ? 0 : this.bytes[at];
  }

  u16(): number {
    const at = this.take(2);
    return at === null ? 0 : readU16(this.bytes, at);
  }

  /** A name of at most so many bytes, with its length before it. */
  text(most: number): string {
    const length = this.u8();
    const at = this.take(length);
    if (at === null || length > most) return this.fail('');
    const raw = Buffer.from(this.bytes.subarray(at, at + length));
    const text = raw.toString('utf8');
    const isCanonical = Buffer.from(text, 'utf8').equals(raw) && text.normalize('NFC') === text;
    return isCanonical && !isRefusal(NAME.parse(text)) ? text : this.fail('');
  }

  endpoint(): Endpoint {
    const link = this.u8();
    const family = this.u8() === 6 ? 6 : 4;
    const isFamily = this.at >= 1 && (this.bytes[this.at - 1] === 4 || this.bytes[this.at - 1] === 6);
    const port = this.u16();
    const raw = this.rest(family === 6 ? 16 : 4);
    const endpoint: Endpoint = { link, address: { family, bytes: [...raw] }, port };
    return isFamily && link <= MAX_LINK && port > 0 && unusableHost(endpoint.address) === null
      ? endpoint
      : this.fail(endpoint);
  }

  /** So many bytes, as they are; fewer when they are not there. */
  rest(length: number): Uint8Array {
    const at = this.take(length);
    return at === null ? new Uint8Array(0) : this.bytes.slice(at, at + length);
  }

  /** Up to `most` values, with their number before them. */
  list<T>(most: number, read: () => T): T[] {
    const count = this.u8();
    if (count > most) return this.fail([]);
    const values: T[] = [];
    while (values.length < count && !this.hasFailed) values.push(read());
    return values;
  }

  private fail<T>(value: T): T {
    this.hasFailed = true;
    return value;
  }
}
