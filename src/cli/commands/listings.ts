/** `show …` of what there may be tens of thousands of: fetched and printed a page at a time. */
import type { Counter, LinkStatus, MethodName, Page, PageParams, PeerStatus } from '../../api/index.js';
import { type ArgsOf, flag, keyword, options, type Token } from '../../grammar/command.js';
import { fits } from '../../grammar/pattern.js';
import type { DaemonClient } from '../base/daemon-client.js';
import { COUNTERS_TABLE, LINKS_TABLE, PEERS_TABLE } from '../output/shows.js';
import { GrowingTable, type TableLayout } from '../output/table.js';
import {
  type Cli,
  command,
  type ExecCommand,
  OF_INTERFACE,
  OF_LINK,
  OF_PEER,
  type OutputPart,
  SHOW,
} from './command.js';
import { BY_NAME, byState, LIMIT, type Narrowing, narrowed, sortBy } from './narrowing.js';

/** A page of peers with eight links each is about a megabyte. */
const PEERS_OF_A_PAGE = 200;

/** Fetches a page. */
type Fetch<Row> = (client: DaemonClient, page: PageParams) => Promise<Page<Row>>;

/** Pages until there are no more, or the command is interrupted. */
async function* pagesOf<Row>(
  cli: Cli,
  filter: { interface?: string },
  fetch: Fetch<Row>,
): AsyncGenerator<Row[]> {
  const client = await cli.client();
  let cursor: string | null = null;
  do {
    const params: PageParams = { ...filter, limit: PEERS_OF_A_PAGE, ...(cursor !== null && { cursor }) };
    const { rows, next }: Page<Row> = await fetch(client, params);
    yield rows;
    cursor = next;
  } while (cursor !== null && !cli.signal.aborted);
}

async function* partsOf<Row>(
  cli: Cli,
  rows: AsyncIterable<Row[]>,
  layout: TableLayout<Row>,
): AsyncGenerator<OutputPart> {
  const width = cli.interactive ? (await cli.terminal())?.columns : undefined;
  const table = new GrowingTable(width === undefined ? layout : { ...layout, width });
  for await (const data of rows) yield { data, text: table.add(data) };
  yield { data: [], text: table.end() };
}

interface Listing<Row, T extends readonly Token[]> {
  word: string;
  help: string;
  filters: T;
  /** The method whose result the JSON form is. */
  method: MethodName;
  fetch(filter: ArgsOf<T>): Fetch<Row>;
  narrow?(filter: ArgsOf<T>): Partial<Narrowing<Row>>;
  layout: TableLayout<Row>;
}

/** A command that prints a table of any length. */
export function listing<Row, const T extends readonly Token[]>(parts: Listing<Row, T>): ExecCommand {
  const { word, help, filters, method, fetch, narrow, layout } = parts;
  const tokens: Token[] = [SHOW, keyword(word, help), ...filters];
  return command({
    privilege: 'read',
    tokens,
    json: { resultOf: method },
    async run(cli, args: unknown) {
      const filter = args as ArgsOf<T> & { interface?: string };
      const within = filter.interface === undefined ? {} : { interface: filter.interface };
      const narrowing = {
        keep: () => true,
        order: null,
        limit: Number.POSITIVE_INFINITY,
        ...narrow?.(filter),
      };
      const rows = narrowed(pagesOf(cli, within, fetch(filter)), narrowing);
      // Of a part of the rows a summary would say nothing true.
      const { summary, ...bare } = layout;
      const isWhole = Object.keys(args as object).every((name) => name === 'interface' || name === 'sort');
      return { json: 'array', parts: partsOf(cli, rows, isWhole && summary ? layout : bare) };
    },
  });
}

/** An answer that needs no pages. */
function whole<Row>(ask: (client: DaemonClient) => Promise<Row[]>): Fetch<Row> {
  return async (client) => ({ rows: await ask(client), next: null });
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** The larger first; what is not known last. */
function larger(a: number | null, b: number | null): number {
  return (b ?? -1) - (a ?? -1);
}

const PEER_SORTS = {
  peer: (a: PeerStatus, b: PeerStatus) => byName(a.name, b.name),
  state: (a: PeerStatus, b: PeerStatus) => byName(a.state, b.state),
  since: (a: PeerStatus, b: PeerStatus) => larger(b.changedSecondsAgo, a.changedSecondsAgo),
} as const;

const LINK_SORTS = {
  peer: (a: LinkStatus, b: LinkStatus) => byName(a.peer, b.peer) || a.link - b.link,
  state: (a: LinkStatus, b: LinkStatus) => byName(a.state, b.state),
  rtt: (a: LinkStatus, b: LinkStatus) => larger(a.rttSmoothedUs, b.rttSmoothedUs),
  loss: (a: LinkStatus, b: LinkStatus) => larger(a.lossOutPermille, b.lossOutPermille),
  rate: (a: LinkStatus, b: LinkStatus) => larger(a.sentBytesPerSecond, b.sentBytesPerSecond),
} as const;

export const PEERS_HELP = 'Peers, one per line; with a name, one in detail';

export const listingCommands: ExecCommand[] = [
  listing({
    word: 'peers',
    help: PEERS_HELP,
    filters: [
      options(
        OF_INTERFACE,
        byState({ up: 'Can be reached', down: 'Cannot be reached', shutdown: 'Shut down' }),
        BY_NAME,
        sortBy({ peer: 'By name', state: 'By state', since: 'Changed last first' }),
        LIMIT,
      ),
    ],
    method: 'show.peers',
    fetch: () => (client, page) => client.request('show.peersPage', page),
    narrow: ({ state, pattern, sort, limit }): Partial<Narrowing<PeerStatus>> => ({
      keep: (peer) =>
        (state === undefined || peer.state === state) && (pattern === undefined || fits(pattern, peer.name)),
      ...(sort !== undefined && { order: PEER_SORTS[sort] }),
      ...(limit !== undefined && { limit }),
    }),
    layout: PEERS_TABLE,
  }),
  listing({
    word: 'links',
    help: 'All links, one per line',
    filters: [
      options(
        OF_PEER,
        OF_LINK,
        OF_INTERFACE,
        byState({
          up: 'In use',
          down: 'Cannot be used',
          'one-way': 'Heard, but the peer does not hear us',
          shutdown: 'Shut down',
          waiting: 'Its remote end is not known yet',
          damped: 'Held back: it went down too often',
          draining: 'Being taken out of use',
          drained: 'Out of use',
        }),
        BY_NAME,
        sortBy({
          peer: 'By peer',
          state: 'By state',
          rtt: 'Slowest first',
          loss: 'Lossiest first',
          rate: 'Busiest first',
        }),
        LIMIT,
      ),
    ],
    method: 'show.links',
    fetch: ({ peer, interface: within }) =>
      peer === undefined
        ? (client, page) => client.request('show.linksPage', page)
        : whole((client) =>
            client.request('show.links', { peer, ...(within !== undefined && { interface: within }) }),
          ),
    narrow: ({ link: id, state, pattern, sort, limit }): Partial<Narrowing<LinkStatus>> => ({
      keep: (link) =>
        (id === undefined || link.link === id) &&
        (state === undefined || link.state === state) &&
        (pattern === undefined || fits(pattern, link.peer)),
      ...(sort !== undefined && { order: LINK_SORTS[sort] }),
      ...(limit !== undefined && { limit }),
    }),
    layout: LINKS_TABLE,
  }),
  listing({
    word: 'counters',
    help: 'All counters',
    filters: [options(OF_PEER, [flag('nonzero', 'Only those above zero')], OF_INTERFACE, LIMIT)],
    method: 'show.counters',
    fetch: ({ peer, interface: within }) =>
      peer === undefined
        ? (client, page) => client.request('show.countersPage', page)
        : whole((client) =>
            client.request('show.counters', { peer, ...(within !== undefined && { interface: within }) }),
          ),
    narrow: ({ nonzero, limit }): Partial<Narrowing<Counter>> => ({
      keep: ({ value }) => !nonzero || value !== 0,
      ...(limit !== undefined && { limit }),
    }),
    layout: COUNTERS_TABLE,
  }),
];
