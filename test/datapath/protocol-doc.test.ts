/** The tables of docs/protocol.md against the constants that the code works with, so that neither drifts alone. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DROP_NAMES } from '../../src/contract/drops.js';
import {
  COOKIE_REPLY_BYTES,
  INITIATION_BYTES,
  JOIN_BYTES,
  MESSAGE,
  RESPONSE_BYTES,
} from '../../src/crypto/handshake-messages.js';
import { REFUSE_AFTER_DATAGRAMS, REKEY_AFTER_DATAGRAMS } from '../../src/crypto/limits.js';
import { decodeAnswer, decodeOffer } from '../../src/crypto/payloads.js';
import { REPLAY_WINDOW } from '../../src/crypto/replay.js';
import { appendFrame, BUNDLE_FRAME_HEADER, bundledLength } from '../../src/datapath/frames/bundle.js';
import { MAX_PIECES, PIECE_HEADER, writePieceHeader } from '../../src/datapath/frames/pieces.js';
import { MAX_ECHO_BYTES } from '../../src/link/life/echoes.js';
import { Frame } from '../../src/switch/frame.js';
import { ECHO, ECHO_REPLY } from '../../src/wire/echo.js';
import {
  COUNTER_LIMIT,
  KIND,
  MAX_FRAME,
  MAX_LINKS,
  OUTER,
  SEALED_OVERHEAD,
  STREAMS,
  TAG_BYTES,
  TYPE,
} from '../../src/wire/header.js';
import { HEARTBEAT } from '../../src/wire/heartbeat.js';
import { NACK } from '../../src/wire/nack.js';
import { NOTICE, NOTICE_CODE } from '../../src/wire/notice.js';
import { ipUdpOverhead } from '../../src/wire/overhead.js';
import { PARITY } from '../../src/wire/parity.js';
import { PATH_CHECK } from '../../src/wire/path-check.js';
import { REPORT } from '../../src/wire/report.js';
import { SEGMENT, TUNNEL_SEGMENT } from '../../src/wire/segment.js';

const TEXT = readFileSync(fileURLToPath(new URL('../../../docs/protocol.md', import.meta.url)), 'utf8');

/** What a frame may cost beside UDP and IP. */
const MOST_OVERHEAD = 44;

interface Field {
  offset: number;
  /** Undefined for a field that reaches to the end. */
  bytes: number | undefined;
  name: string;
}

/** The text under the first heading of that name, up to the next heading. */
function section(heading: string): string {
  const [, ...rest] = TEXT.split(new RegExp(`^#+ ${heading}$`, 'm'));
  if (rest.length === 0) throw new Error(`docs/protocol.md has no section "${heading}"`);
  return rest[0].split(/^#+ /m)[0];
}

/** Cells of the rows below the header of every table in a text. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** The offset table of a section. Names end at the first colon or comma. */
function fields(heading: string): Field[] {
  return rows(section(heading))
    .filter(([offset]) => /^\d+$/.test(offset))
    .map(([offset, bytes, field]) => ({
      offset: Number(offset),
      bytes: bytes === '…' ? undefined : Number(bytes),
      name: field.split(/[:,]/)[0],
    }));
}

/** The table that a set of constants describes: fields in order, zero where they leave room. */
function expected(constants: Record<string, number>): string[] {
  const places = Object.entries(constants)
    .filter(([name]) => !name.endsWith('BYTES'))
    .sort(([, a], [, b]) => a - b)
    .map(([name, offset]) => `${offset} ${name}`);
  return [...places, `${constants['BYTES']} end`];
}

/** The same of a section, without the fields that are zero or have no fixed length. */
function documented(heading: string): string[] {
  const table = fields(heading);
  const fixed = table.filter((field) => field.bytes !== undefined);
  const last = fixed[fixed.length - 1];
  return [
    ...fixed
      .filter(({ name }) => name !== 'zero')
      .map(({ offset, name }) => `${offset} ${name.toUpperCase().replaceAll(' ', '_')}`),
    `${last.offset + last.bytes!} end`,
  ];
}

/** Reads the fields of fixed length that a section describes. */
function decode(heading: string, bytes: Uint8Array): Record<string, number> {
  const values = fields(heading).flatMap(({ offset, bytes: length, name }) =>
    length === undefined ? [] : [[name, Buffer.from(bytes).readUIntBE(offset, length)] as const],
  );
  return Object.fromEntries(values);
}

/** What the second cell of the row of a table says whose first cell begins with `name`. */
function value(heading: string, name: string): string[] {
  const row = rows(section(heading)).find(([first]) => first.startsWith(name));
  if (row === undefined) throw new Error(`docs/protocol.md: "${heading}" has no row "${name}"`);
  return row.slice(1);
}

describe('docs/protocol.md', () => {
  it.each([
    'Initiation, `0x11`',
    'Response, `0x12`',
    'Transport header',
    'SEGMENT',
    'BUNDLE',
    'Frame of a bundle',
    'PIECE',
    'HEARTBEAT',
    'PATH_CHECK and PATH_ANSWER',
    'NOTICE',
    'REPORT',
    'NACK',
    'ECHO',
  ])('leaves no gap and no overlap between the fields of %s', (heading) => {
    // Handshake messages are followed by the table of what is inside them, which begins at 0 again.
    let end = 0;
    for (const { offset, bytes } of fields(heading)) {
      if (offset !== 0) expect(offset).toBe(end);
      end = offset + (bytes ?? 0);
    }
  });

  it.each([
    ['Transport header', OUTER],
    ['SEGMENT', SEGMENT],
    ['SEGMENT of a tunnel', TUNNEL_SEGMENT],
    ['HEARTBEAT', { KIND: 0, ...HEARTBEAT }],
    ['PATH_CHECK and PATH_ANSWER', { KIND: 0, ...PATH_CHECK }],
    ['NOTICE', { KIND: 0, ...NOTICE }],
    ['REPORT', { KIND: 0, ...REPORT }],
    ['NACK', { KIND: 0, ...NACK }],
    ['PARITY', PARITY],
    ['ECHO', { KIND: 0, ...ECHO }],
    ['Reply to an ECHO', ECHO_REPLY],
  ])('places the fields of %s where the code has them', (heading, constants) => {
    expect(documented(heading)).toEqual(expected(constants));
  });

  it('describes the frame of a bundle as the code writes it', () => {
    const bytes = new Uint8Array(0x300);
    appendFrame(bytes, 0, new Frame().place(0x100, 0x123).describe(0x01, 0x22, 0x06));
    expect(decode('Frame of a bundle', bytes)).toEqual({
      length: 0x123,
      flags: 0x01,
      'csum start': 0x22,
      'csum offset': 0x06,
    });
    expect(documented('Frame of a bundle').at(-1)).toBe(`${BUNDLE_FRAME_HEADER} end`);
  });

  it('describes a piece as the code writes it', () => {
    const bytes = new Uint8Array(PIECE_HEADER);
    bytes[0] = KIND.PIECE;
    const whole = new Frame().place(0, 0x89ab).describe(0x01, 0x22, 0x10);
    writePieceHeader(bytes, 0, { frameId: 0x2345, index: 0x06, count: 0x07 }, whole);
    expect(decode('PIECE', bytes)).toEqual({
      kind: KIND.PIECE,
      flags: 0x01,
      'frame id': 0x2345,
      index: 0x06,
      count: 0x07,
      total: 0x89ab,
      'csum start': 0x22,
      'csum offset': 0x10,
    });
    expect(documented('PIECE').at(-1)).toBe(`${PIECE_HEADER} end`);
  });

  it('lists the kinds of messages', () => {
    const listed = rows(section('Messages')).filter(([number]) => /^\d+$/.test(number));
    expect(Object.fromEntries(listed.map(([number, name]) => [name, Number(number)]))).toEqual(KIND);
  });

  it('names the codes of notices', () => {
    const codes = [...section('NOTICE').matchAll(/\b(\d) (link down|goodbye)/g)];
    const listed = codes.map(([, number, name]) => [name.toUpperCase().replace(' ', '_'), Number(number)]);
    expect(Object.fromEntries(listed)).toEqual(NOTICE_CODE);
  });

  it('lists the types of datagrams and their lengths', () => {
    const listed = rows(section('Datagrams')).filter(([type]) => type.startsWith('`'));
    expect(listed.map(([type, , bytes]) => [Number(type.slice(1, -1)), Number.parseInt(bytes, 10)])).toEqual([
      [TYPE.INITIATION, INITIATION_BYTES],
      [TYPE.RESPONSE, RESPONSE_BYTES],
      [TYPE.COOKIE, COOKIE_REPLY_BYTES],
      [TYPE.TRANSPORT, SEALED_OVERHEAD + 1],
      [TYPE.JOIN_REQUEST, JOIN_BYTES],
      [TYPE.JOIN_REPLY, JOIN_BYTES],
    ]);
  });

  it('gives handshake messages their lengths', () => {
    const lengthOf = (table: Field[]) => table.at(-1)!.offset + table.at(-1)!.bytes!;
    const initiation = fields('Initiation, `0x11`');
    const response = fields('Response, `0x12`');
    const offerAt = initiation.findLastIndex(({ offset }) => offset === 0);
    const answerAt = response.findLastIndex(({ offset }) => offset === 0);
    expect(lengthOf(initiation.slice(0, offerAt))).toBe(INITIATION_BYTES);
    expect(lengthOf(response.slice(0, answerAt))).toBe(RESPONSE_BYTES);

    const offer = new Uint8Array(lengthOf(initiation.slice(offerAt)));
    offer[0] = 1;
    expect(decodeOffer(offer)).toBeDefined();
    const answer = new Uint8Array(lengthOf(response.slice(answerAt)));
    answer[0] = 1;
    expect(decodeAnswer(answer)).toBeDefined();
  });

  it('agrees on first bytes with the handshake', () => {
    expect(Object.values(MESSAGE)).toEqual(Object.values(TYPE));
  });

  it.each([
    ['SEGMENT', SEGMENT.BYTES, SEALED_OVERHEAD],
    ['BUNDLE, the first frame', 1 + bundledLength(0), SEALED_OVERHEAD],
    ['PIECE, each piece', PIECE_HEADER, SEALED_OVERHEAD],
  ])('adds up the overhead of %s, which stays within its bound', (name, message, sealed) => {
    const all = message + sealed;
    const columns = [message, sealed, all, all + ipUdpOverhead(4), all + ipUdpOverhead(6)];
    expect(value('Overhead', name).map(Number)).toEqual(columns);
    expect(all).toBeLessThanOrEqual(MOST_OVERHEAD);
  });

  it('adds up the overhead of further frames of a bundle', () => {
    expect(value('Overhead', 'BUNDLE, each further frame').map(Number)).toEqual([
      BUNDLE_FRAME_HEADER,
      0,
      ...new Array<number>(3).fill(BUNDLE_FRAME_HEADER),
    ]);
  });

  it('adds up a heartbeat', () => {
    const sealed = HEARTBEAT.BYTES + SEALED_OVERHEAD;
    expect(section('Overhead')).toContain(
      `${sealed} bytes and IP and UDP: ${sealed + ipUdpOverhead(4)} or ${sealed + ipUdpOverhead(6)}.`,
    );
  });

  it('states the limits', () => {
    const power = (name: string) => 2 ** Number(/2\^(\d+)/.exec(value('Limits', name)[0])![1]);
    expect(power('counter of a stream')).toBe(COUNTER_LIMIT);
    expect(power('datagrams sealed under a key')).toBe(REKEY_AFTER_DATAGRAMS);
    expect(power('datagrams after which')).toBe(REFUSE_AFTER_DATAGRAMS);
    expect(value('Limits', 'links of a peer')).toEqual([`${MAX_LINKS}`]);
    expect(value('Limits', 'streams of a direction')).toEqual([`${STREAMS}`]);
    expect(value('Limits', 'replay window')).toEqual([`${REPLAY_WINDOW} counters`]);
    expect(value('Limits', 'pieces of a frame')).toEqual([`${MAX_PIECES}`]);
    expect(value('Limits', 'frame')[0].replaceAll(',', '')).toContain(`${MAX_FRAME}`);
    expect(value('Limits', 'plaintext of an echo')[0].replaceAll(',', '')).toContain(
      `${ECHO.BYTES + MAX_ECHO_BYTES} at most`,
    );
    expect(value('Encryption', 'tag')[0]).toContain(`${TAG_BYTES} bytes`);
  });

  it('explains every reason by which a received datagram or frame is dropped, and no other', () => {
    const explained = rows(section('Receiving'))
      .map(([reason]) => reason.replaceAll('`', ''))
      .filter((reason) => reason !== 'reason');
    const received = DROP_NAMES.slice(DROP_NAMES.indexOf('bad-length'));
    expect(explained.sort()).toEqual([...received, 'reserved-group'].sort());
  });
});
