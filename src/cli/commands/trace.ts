/** `trace peer …`: what lies on the way of a peer's links. */
import type { TraceResult } from '../../api/index.js';
import { keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import type { DaemonClient } from '../base/daemon-client.js';
import { CliFailure, EXIT } from '../base/failure.js';
import { traceText } from '../output/trace.js';
import {
  type Cli,
  command,
  type ExecCommand,
  LINK_ID,
  OF_INTERFACE,
  type OutputPart,
  PEER_NAME,
} from './command.js';

const DEFAULT_HOPS = 30;
/** Four probes of a second for each hop. */
const PATIENCE_A_HOP_MS = 4500;

interface Place {
  peer: string;
  interface?: string;
}

export const traceCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    tokens: [
      keyword('trace', 'Show the routers on the way of the links of a peer'),
      keyword('peer', 'Which peer'),
      PEER_NAME,
      options(
        [keyword('link', 'Of this link only'), LINK_ID],
        [
          keyword('hops', 'How far to look'),
          value('hops', range(1, 64, 'hops'), 'Number', { default: DEFAULT_HOPS }),
        ],
        OF_INTERFACE,
      ),
    ],
    details:
      'Probes leave by the socket of the link, to its remote address and port, so that NAT, firewalls and load balancing treat them as its other datagrams. Routers answer by ICMP, many of them seldom or never; the peer answers by itself. Ctrl-C ends the trace.',
    json: { form: 'a `TraceResult` a line, one for each link' },
    async run(cli, { link, hops = DEFAULT_HOPS, ...place }) {
      const client = await cli.client();
      const links = link === undefined ? await linksOf(client, place) : [link];
      return { json: 'rows', parts: follow(cli, client, place, { links, hops }) };
    },
  }),
];

/** The links that have a way of their own. */
async function linksOf(client: DaemonClient, place: Place): Promise<number[]> {
  const links = await client.request('show.links', place);
  return links.filter(({ state }) => state !== 'shutdown').map(({ link }) => link);
}

async function* follow(
  cli: Cli,
  client: DaemonClient,
  place: Place,
  { links, hops }: { links: readonly number[]; hops: number },
): AsyncGenerator<OutputPart> {
  const silent: number[] = [];
  for (const link of links) {
    if (cli.signal.aborted) return;
    const result: TraceResult = await client.request(
      'trace',
      { ...place, link, hops },
      (hops + 2) * PATIENCE_A_HOP_MS,
    );
    if (result.rttUs === null) silent.push(link);
    yield { data: [result], text: [...traceText(result), ...(link === links.at(-1) ? [] : [''])] };
  }
  if (silent.length > 0)
    throw new CliFailure(EXIT.FAILED, [`the peer does not answer by link ${silent.join(', ')}`]);
}
