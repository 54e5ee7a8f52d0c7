/** Builders of records, with the fields by name. */
import { type OPEN, PATH, SEAL, SEND } from '../../src/native/ops.js';

type Fields<Layout> = { [Name in Exclude<keyof Layout, 'WORDS' | 'RESULT' | 'SENT'>]: number };

function row(
  layout: { readonly WORDS: number } & Record<string, number>,
  fields: Record<string, number>,
): number[] {
  const words = new Array<number>(layout.WORDS).fill(0);
  for (const [name, value] of Object.entries(fields)) words[layout[name]] = value;
  return words;
}

/** A row of `SEAL`; what is not named is 0, and no prefix index. */
export function sealRow(fields: Partial<Fields<typeof SEAL>>): number[] {
  return row(SEAL, { PREFIX_INDEX: -1, ...fields });
}

/** A row of `OPEN`. */
export function openRow(fields: Fields<typeof OPEN>): number[] {
  return [fields.KEY, fields.OFFSET, fields.LENGTH, 0];
}

/** A row of `SEND`, with results that the addon never writes; what is not named is 0. */
export function sendRow(fields: Partial<Fields<typeof SEND>>): number[] {
  const words = row(SEND, fields);
  words[SEND.RESULT] = 12345;
  words[SEND.SENT] = 12345;
  return words;
}

/** An address in the words of a record: raw bytes in network order. */
export function addressWords(text: string): Int32Array {
  const words = new Int32Array(4);
  const bytes = new Uint8Array(words.buffer);
  if (text.includes(':')) {
    const [front, back = ''] = text.split('::') as [string, string?];
    const groups = (part: string) =>
      part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
    const high = groups(front);
    const low = groups(back);
    const view = new DataView(words.buffer);
    high.forEach((group, i) => {
      view.setUint16(2 * i, group);
    });
    low.forEach((group, i) => {
      view.setUint16(16 - 2 * low.length + 2 * i, group);
    });
  } else {
    bytes.set(text.split('.').map(Number));
  }
  return words;
}

/** A row of `PATH` to `address` and `port`; `local` is the source address. */
export function pathRow(address: string, port: number, local?: string): Int32Array {
  const path = new Int32Array(PATH.WORDS);
  path[PATH.FAMILY] = address.includes(':') ? 6 : 4;
  path[PATH.PORT] = port;
  path.set(addressWords(address), PATH.ADDR);
  if (local !== undefined) path.set(addressWords(local), PATH.LOCAL);
  return path;
}
