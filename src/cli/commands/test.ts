/** `test peer … bandwidth`: how much a peer or one of its links carries. */
import type { BandwidthReport } from '../../api/index.js';
import { choice, flag, keyword, options, value } from '../../grammar/command.js';
import { range, rateOf } from '../../grammar/values.js';
import type { DaemonClient } from '../base/daemon-client.js';
import { CliFailure, EXIT } from '../base/failure.js';
import { bandwidthHead, bandwidthLine, bandwidthSummary } from '../output/bandwidth.js';
import {
  type Cli,
  command,
  type ExecCommand,
  LINK_ID,
  OF_INTERFACE,
  type OutputPart,
  PEER_NAME,
} from './command.js';

const BANDWIDTH = 'Send test data, and say how much of it arrives';
const DEFAULT_SECONDS = 10;
const DEFAULT_KBPS = 10_000;
/** How long a report, or the peer's consent, may take, in ms. */
const PATIENCE_MS = 5000;

export const testCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    tokens: [
      keyword('test', 'Measure a peer'),
      keyword('peer', 'Which peer'),
      PEER_NAME,
      choice(
        [keyword('link', 'Over this link only'), LINK_ID, keyword('bandwidth', BANDWIDTH)],
        [keyword('bandwidth', BANDWIDTH)],
      ),
      options(
        [
          keyword('seconds', 'How long'),
          value('seconds', range(1, 60, 's'), 'Time', { default: DEFAULT_SECONDS }),
        ],
        [
          keyword('rate', 'How fast each end sends, in bit/s'),
          value('rate', rateOf(8, 1_000_000), 'Rate', { default: '10m' }),
        ],
        [flag('reverse', 'The peer sends')],
        [flag('both', 'Both ends send at once')],
        OF_INTERFACE,
      ),
    ],
    details:
      'What is sent takes the place of other traffic on that path: choose the rate accordingly. "reverse" and "both" need "bandwidth-test send RATE" in the configuration of the peer. Ctrl-C ends the test.',
    json: { form: 'a report a line, as `bandwidth.read` has it; the last one is of the whole test' },
    run: async (
      cli,
      { peer, link, interface: within, seconds = DEFAULT_SECONDS, rate = DEFAULT_KBPS, reverse, both },
    ) => {
      const direction = both ? 'both' : reverse ? 'reverse' : 'forward';
      const place = {
        peer,
        ...(link !== undefined && { link }),
        ...(within !== undefined && { interface: within }),
      };
      const wish = { ...place, seconds, rateKbps: rate, direction } as const;
      const client = await cli.client();
      const started = await client.request('bandwidth.start', wish, PATIENCE_MS);
      const head = bandwidthHead(wish, started);
      return { json: 'rows', parts: follow(cli, client, started.id, head) };
    },
  }),
];

async function* follow(
  cli: Cli,
  client: DaemonClient,
  id: number,
  head: string[],
): AsyncGenerator<OutputPart> {
  yield { data: [], text: head };
  let last: BandwidthReport | null = null;
  try {
    for (let seen = 0; ; seen++) {
      last = await next(cli, client, { id, seen });
      if (last === null) return;
      yield { data: [last], text: last.isLast ? bandwidthSummary(last) : bandwidthLine(last) };
      if (last.isLast) break;
    }
  } finally {
    if (!client.closed) await client.request('bandwidth.stop', { id });
  }
  if (last.cause !== null) throw new CliFailure(EXIT.FAILED, [`test ended early: ${last.cause}`]);
}

/** The next report; null when the command was interrupted meanwhile. */
async function next(
  { signal }: Cli,
  client: DaemonClient,
  asked: { id: number; seen: number },
): Promise<BandwidthReport | null> {
  try {
    return await client.request('bandwidth.read', asked, PATIENCE_MS);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
