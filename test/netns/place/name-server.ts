/**
 * A name server for tests: `node name-server.js FILE` answers from a file of JSON, which is read anew for each question:
 * addresses by name, A and AAAA in one list. A name that is not in it does not exist, and with `null` for the whole file nobody
 * answers. The file beside it, `FILE.asked`, is there from the first question on.
 */
import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { addressWords } from '../../../src/daemon/interfaces/addresses.js';

const HEADER = 12;
const TTL_S = 1;
const TYPE = { A: 1, AAAA: 28 } as const;
const NO_SUCH_NAME = 3;

type Zone = Record<string, string[]> | null;

const [file] = process.argv.slice(2);
const socket = createSocket('udp4');
socket.on('message', (question, { port, address }) => {
  const zone = JSON.parse(readFileSync(file, 'utf8')) as Zone;
  writeFileSync(`${file}.asked`, '');
  if (zone !== null) socket.send(answerTo(question, zone), port, address);
});
socket.bind(53, '127.0.0.1', () => process.stdout.write('ready\n'));

/** The answer to a message with one question, RFC 1035 section 4. */
function answerTo(question: Buffer, zone: Record<string, string[]>): Buffer {
  const labels: string[] = [];
  let at = HEADER;
  while (question[at] !== 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + question[at]));
    at += 1 + question[at];
  }
  const type = question.readUInt16BE(at + 1);
  const addresses = zone[labels.join('.')];
  const family = type === TYPE.AAAA ? 6 : type === TYPE.A ? 4 : 0;
  const records = (addresses ?? [])
    .filter((text) => isIP(text) === family)
    .map((text) => recordOf(type, text));
  const header = Buffer.from(question.subarray(0, HEADER));
  header.writeUInt16BE(0x8580 | (addresses === undefined ? NO_SUCH_NAME : 0), 2);
  header.writeUInt16BE(records.length, 6);
  header.fill(0, 8);
  return Buffer.concat([header, question.subarray(HEADER, at + 5), ...records]);
}

function recordOf(type: number, text: string): Buffer {
  const { family, words } = addressWords(text);
  const bytes = Buffer.from(Int32Array.from(words).buffer).subarray(0, family === 4 ? 4 : 16);
  const head = Buffer.alloc(12);
  // The name is that of the question.
  head.writeUInt16BE(0xc000 | HEADER, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL_S, 6);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, bytes]);
}
