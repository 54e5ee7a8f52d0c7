/** `monitor capture` and `monitor drops`: packets on their way, live. */
import {
  CAPTURE_POINTS,
  type CapturedPacket,
  type CaptureParams,
  type CapturePoint,
  type CaptureRead,
  POINTS_WITHOUT_LINK,
  POINTS_WITHOUT_PEER,
  SEALED_POINTS,
} from '../../api/index.js';
import { flag, keyword, options, value } from '../../grammar/command.js';
import { LINE, LOCAL_FILE, range } from '../../grammar/values.js';
import type { DaemonClient } from '../base/daemon-client.js';
import { EXIT, failure } from '../base/failure.js';
import { DropPace, dropText, packetText } from '../output/captures.js';
import { plural } from '../output/format.js';
import {
  type Cli,
  command,
  type ExecCommand,
  fitted,
  LINK_ID,
  OF_INTERFACE,
  type OutputPart,
  PEER_NAME,
} from './command.js';

const MONITOR = keyword('monitor', 'Follow what happens, live');
const WAIT_MS = 1000;
const PACKETS_OF_AN_ANSWER = 1000;
/** What is shown in words needs no more of a packet than its headers. */
const HEADER_BYTES = 256;
/** As a file name: the standard output. */
const STDOUT = '-';

const POINTS = options(
  [flag('tap-in', 'Frames as they come from the TAP')],
  [flag('tap-out', 'Frames as they are written to the TAP')],
  [flag('switch', 'Frames where the switch decides, with its verdict')],
  [flag('peer-in', 'Frames from peers, in the clear')],
  [flag('peer-out', 'Frames to peers, in the clear')],
  [flag('link-in', 'Sealed datagrams as they arrive')],
  [flag('link-out', 'Sealed datagrams as they leave')],
  [flag('drops', 'Whatever is dropped, with the reason')],
  [flag('all', 'Every point, but for those where a limit that is given means nothing')],
  [keyword('peer', 'Only packets to or from this peer'), PEER_NAME],
  [keyword('link', 'Only packets by this link of the peer'), LINK_ID],
  OF_INTERFACE,
  [keyword('count', 'Stop after so many packets'), value('count', range(1, 1_000_000_000), 'Packets')],
  [
    keyword('snap-length', 'Keep only the first bytes of each packet'),
    value('snapBytes', range(64, 262_144, 'bytes'), 'Length', { called: 'length' }),
  ],
  [flag('whole', 'Leave super-frames whole instead of cutting them into frames')],
  [
    keyword('file', 'Write pcapng for Wireshark'),
    value('file', LOCAL_FILE, 'File on the host where this program runs, or - for the standard output'),
  ],
  [
    keyword('filter', 'Only frames that match; takes the rest of the line'),
    value('filter', LINE, 'Such as `host 10.0.0.1 and not port 22`'),
  ],
);

export const captureCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    tokens: [MONITOR, keyword('capture', 'Copy packets at points of their way, until Ctrl-C'), POINTS],
    details:
      'At least one point must be named. Without `file` each packet is a line. A filter is made of `mac`, `host`, `port` ' +
      '(each with `src` or `dst` in front, or not), `vlan`, `ethertype`, `arp`, `ip`, `ip6`, `tcp`, `udp`, `icmp`, `icmp6`, ' +
      '`broadcast` and `multicast`, joined by `and`, `or` and `not`, with parentheses.',
    json: { form: 'a packet a line, each as `capture.read` has it' },
    run: async (cli, { file, count = Number.POSITIVE_INFINITY, ...given }) => {
      const points = pointsOf(given);
      const { peer, link, interface: name, snapBytes, whole, filter } = given;
      const limits = {
        points,
        ...(peer !== undefined && { peer }),
        ...(link !== undefined && { link }),
        ...(name !== undefined && { interface: name }),
        ...(whole !== undefined && { whole }),
        ...(filter !== undefined && { filter }),
      };
      if (file === undefined) {
        const source = read(cli, { ...limits, snapBytes: snapBytes ?? HEADER_BYTES }, 'words', count);
        return { json: 'rows', parts: lines(cli, source) };
      }
      const wish = { ...limits, ...(snapBytes !== undefined && { snapBytes }) };
      await intoFile(cli, read(cli, wish, 'bytes', count), file, snapBytes ?? 0);
      return null;
    },
  }),
  command({
    privilege: 'admin',
    tokens: [
      MONITOR,
      keyword('drops', 'What is dropped, and why, until Ctrl-C is pressed'),
      options([keyword('peer', 'Only of this peer'), PEER_NAME], OF_INTERFACE, [
        flag('json', 'As JSON, one drop per line'),
      ]),
    ],
    json: {
      form: 'a drop a line, as `capture.read` has packets, and `unshown`: how many of its reason came before it',
    },
    run: async (cli, { json, ...limits }) => {
      const wish: CaptureParams = { ...limits, points: ['drops'], snapBytes: HEADER_BYTES, whole: true };
      const source = read(cli, wish, 'words', Number.POSITIVE_INFINITY);
      return { json: 'rows', parts: drops(cli, source, json === true) };
    },
  }),
];

/** `all` is every point that the limits can be asked of. */
function pointsOf(
  given: Partial<Record<CapturePoint | 'all', true>> & Pick<CaptureParams, 'peer' | 'link' | 'filter'>,
): CapturePoint[] {
  const isIncluded = (point: CapturePoint): boolean =>
    given.all === true &&
    !(given.peer !== undefined && POINTS_WITHOUT_PEER.has(point)) &&
    !(given.link !== undefined && POINTS_WITHOUT_LINK.has(point)) &&
    !(given.filter !== undefined && SEALED_POINTS.has(point));
  const points = CAPTURE_POINTS.filter((point) => given[point] || isIncluded(point));
  if (points.length > 0) return points;
  throw failure(EXIT.SYNTAX, `name a point: ${CAPTURE_POINTS.join(', ')} or all`);
}

function endOf({ peer }: CaptureParams, { interface: name }: CaptureRead): string {
  const stopped = `interface ${name} has stopped`;
  return peer === undefined ? stopped : `peer ${peer} of ${name} is gone, or ${stopped}`;
}

/** Opens a capture and gives what it answers, `count` packets in all, until the command is interrupted. */
async function* read(
  cli: Cli,
  wish: CaptureParams,
  form: 'bytes' | 'words',
  count: number,
): AsyncGenerator<CaptureRead> {
  const { signal } = cli;
  const client = await cli.client();
  const { id } = await client.request('capture.open', wish);
  try {
    for (let left = count; left > 0 && !signal.aborted; ) {
      const answer = await next(client, signal, { id, limit: Math.min(left, PACKETS_OF_AN_ANSWER), form });
      if (answer === null) return;
      left -= answer.packets.length;
      yield answer;
      if (answer.ended) throw failure(EXIT.FAILED, endOf(wish, answer));
    }
  } finally {
    if (!client.closed) await client.request('capture.close', { id });
  }
}

/** The next answer; null when the command was interrupted meanwhile. */
async function next(
  client: DaemonClient,
  signal: AbortSignal,
  asked: { id: number; limit: number; form: 'bytes' | 'words' },
): Promise<CaptureRead | null> {
  try {
    return await client.request('capture.read', { ...asked, waitMs: WAIT_MS }, WAIT_MS);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

async function* lines(cli: Cli, source: AsyncIterable<CaptureRead>): AsyncGenerator<OutputPart> {
  for await (const { packets, missed, interface: device } of source) {
    const text = packets.map((packet) => packetText(packet, device));
    yield { data: packets, text: await fitted(cli, [...text, ...missedText(missed)]) };
  }
}

async function* drops(
  cli: Cli,
  source: AsyncIterable<CaptureRead>,
  json: boolean,
): AsyncGenerator<OutputPart> {
  const pace = new DropPace();
  for await (const { packets, missed, interface: device } of source) {
    const shown = packets.flatMap((packet): (CapturedPacket & { unshown: number })[] => {
      const unshown = pace.admit(packet);
      return unshown === null ? [] : [{ ...packet, unshown }];
    });
    const text = shown.map((drop) => (json ? JSON.stringify(drop) : dropText(drop, device, drop.unshown)));
    yield { data: shown, text: json ? text : await fitted(cli, [...text, ...missedText(missed)]) };
  }
}

function missedText(missed: CaptureRead['missed']): string[] {
  return Object.entries(missed).map(([point, count]) => `${plural(count, 'packet')} missed at ${point}`);
}

/** Writes what is captured as pcapng, each answer at once, and says at the end how much it was. */
async function intoFile(
  cli: Cli,
  source: AsyncIterable<CaptureRead>,
  file: string,
  snapBytes: number,
): Promise<void> {
  const [{ openSink }, { PcapngWriter }] = await Promise.all([
    import('../output/sink.js'),
    import('../output/pcapng.js'),
  ]);
  if (cli.restricted && file !== STDOUT) {
    throw failure(EXIT.NOT_PERMITTED, 'a restricted user may not write files');
  }
  if (file === STDOUT && cli.interactive)
    throw failure(EXIT.FAILED, 'pcapng is binary: give a file, or redirect the output');
  const { hello } = await cli.client();
  const writer = new PcapngWriter(`octolink ${hello.version}`, snapBytes);
  const sink = await openSink(file === STDOUT ? null : file);
  let packets = 0;
  let missed = 0;
  try {
    await sink.write(writer.begin());
    for await (const answer of source) {
      for (const [point, count] of Object.entries(answer.missed)) {
        writer.miss(point as CapturePoint, count);
        missed += count;
      }
      packets += answer.packets.length;
      const blocks = answer.packets.flatMap((packet) => writer.packet(packet, answer.interface));
      await sink.write(Buffer.concat(blocks));
    }
    await sink.write(Buffer.concat(writer.end(Date.now() * 1000)));
  } finally {
    await sink.close();
  }
  cli.remark([`${plural(packets, 'packet')} captured, ${missed} missed`]);
}
