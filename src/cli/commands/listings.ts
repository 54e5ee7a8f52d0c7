/** `show …` of what there may be tens of thousands of: fetched and printed a page at a time. */
import type {
  Counter,
  LinkStatus,
  MethodName,
  Methods,
  Page,
  PageParams,
  PeerStatus,
} from '../../api/index.js';
import { byName } from '../../base/order.js';
import { type ArgsOf, flag, keyword, options, type Token } from '../../grammar/command.js';
import type { DaemonClient } from '../base/daemon-client.js';
import { LINKS_TABLE, PEERS_TABLE } from '../output/peers.js';
import { COUNTERS_TABLE } from '../output/shows.js';
import {
  type BlockLayout,
  type Growing,
  GrowingBlocks,
  GrowingTable,
  type TableLayout,
} from '../output/table.js';
import {
  type Cli,
  command,
  type ExecCommand,
  OF_INTERFACE,
  OF_LINK,
  OF_PEER,
  type OutputPart,
  SHOW,
  widthOf,
} from './command.js';
import {
  groupsOf,
  larger,
  type NarrowArgs,
  narrowed,
  narrowedRows,
  narrowingOf,
  type Ways,
} from './narrowing.js';

/** A page of peers with eight links each is about a megabyte. */
const PEERS_OF_A_PAGE = 200;
const PEERS_OF_A_BRIEF = 2;
const ROWS_OF_A_PAGE = 1000;

/** Fetches a page. */
export type Fetch<Row> = (client: DaemonClient, page: PageParams) => Promise<Page<Row>>;

/** Pages until there are no more, or the command is interrupted. */
export async function* pagesOf<Row>(
  cli: Cli,
  filter: { interface?: string },
  fetch: Fetch<Row>,
  peersOfAPage = PEERS_OF_A_PAGE,
): AsyncGenerator<Row[]> {
  const client = await cli.client();
  let cursor: string | null = null;
  do {
    const params: PageParams = { ...filter, limit: peersOfAPage, ...(cursor !== null && { cursor }) };
    const { rows, next }: Page<Row> = await fetch(client, params);
    yield rows;
    cursor = next;
  } while (cursor !== null && !cli.signal.aborted);
}

/** How a listing is printed. */
type Layout<Row> = TableLayout<Row> | BlockLayout<Row>;

function growing<Row>(layout: Layout<Row>, width?: number): Growing<Row> {
  if ('block' in layout) return new GrowingBlocks(layout);
  return new GrowingTable(width === undefined ? layout : { ...layout, width });
}

/** Rows as a table or in blocks, in parts as they come. */
export async function* partsOf<Row>(
  cli: Cli,
  rows: AsyncIterable<Row[]>,
  layout: Layout<Row>,
): AsyncGenerator<OutputPart> {
  const lines = growing(layout, await widthOf(cli));
  for await (const data of rows) yield { data, text: lines.add(data) };
  yield { data: [], text: lines.end() };
}

type Groups = readonly (readonly Token[])[];

interface Listing<Row, G extends Groups> {
  word: string;
  help: string;
  /** What can be given besides the ways to narrow it, in any order. */
  groups: G;
  ways: Ways<Row>;
  /** The method whose result the JSON form is. */
  method: MethodName;
  fetch(filter: ArgsOf<[ReturnType<typeof options<G>>]>): Fetch<Row>;
  /** Which rows are meant; absent: all. */
  keep?(filter: ArgsOf<[ReturnType<typeof options<G>>]>): (row: Row) => boolean;
  layout: Layout<Row>;
  /** Unless something is asked for, only so many rows are printed as text, and below them that there are more. */
  brief?: { rows: number; more: string };
}

/** A command that prints a listing of any length. */
export function listing<Row, const G extends Groups>(parts: Listing<Row, G>): ExecCommand {
  const { word, help, groups, ways, method, fetch, keep, layout, brief } = parts;
  const tokens: readonly Token[] = [SHOW, keyword(word, help), options(...groups, ...groupsOf(ways))];
  return command({
    privilege: 'read',
    tokens,
    json: { resultOf: method },
    async run(cli, args: unknown) {
      const filter = args as Parameters<typeof fetch>[0] & NarrowArgs & { interface?: string };
      const within = filter.interface === undefined ? {} : { interface: filter.interface };
      const narrowing = narrowingOf(ways, filter);
      const isMeant = keep?.(filter) ?? (() => true);
      const rows = narrowed(pagesOf(cli, within, fetch(filter)), {
        ...narrowing,
        keep: (row) => isMeant(row) && narrowing.keep(row),
      });
      // Of a part of the rows a summary would say nothing true.
      const isWhole = Object.keys(filter).every((name) => name === 'interface' || name === 'sort');
      const all = partsOf(cli, rows, isWhole ? layout : withoutSummary(layout));
      const isPlain = Object.keys(filter).every((name) => name === 'interface');
      if (brief === undefined || !isPlain) return { json: 'array', parts: all };
      const few = pagesOf(cli, within, fetch(filter), PEERS_OF_A_BRIEF);
      return { json: 'array', parts: all, brief: firstOf(few, layout, brief) };
    },
  });
}

function withoutSummary<Row>(layout: Layout<Row>): Layout<Row> {
  if ('block' in layout) return layout;
  const { summary, ...bare } = layout;
  return bare;
}

/** The first rows as a table; no more pages are fetched than that takes. */
async function* firstOf<Row>(
  pages: AsyncIterable<Row[]>,
  layout: Layout<Row>,
  { rows: room, more }: { rows: number; more: string },
): AsyncGenerator<OutputPart> {
  const rows: Row[] = [];
  for await (const page of pages) {
    rows.push(...page);
    if (rows.length > room) break;
  }
  const parts = growing(layout);
  const lines = [...parts.add(rows.slice(0, room)), ...parts.end()];
  yield { data: [], text: rows.length > room ? [...lines, '', more] : lines };
}

type PartOf<Result> = Result extends (infer Part)[] ? Part : never;

interface NarrowedCall<M extends MethodName, Row> {
  /** What stands before the filters. */
  tokens: readonly Token[];
  groups: Groups;
  ways: Ways<Row>;
  method: M;
  /** How the answer is put together of pages, where it may be long. */
  gather?: {
    fetch: Fetch<PartOf<Methods[M]['result']>>;
    join(parts: PartOf<Methods[M]['result']>[]): Methods[M]['result'];
  };
  /** The answer with the rows that are left. */
  narrow(result: Methods[M]['result'], rows: (all: readonly Row[]) => Row[]): Methods[M]['result'];
  text(result: Methods[M]['result']): string[];
  /** Absent: for everybody. */
  privilege?: 'admin';
  /** Can be given in configuration modes, too. */
  everywhere?: true;
  /** See `Output`. */
  isRecords?: true;
}

/** A listing that is printed when all of it is there. */
export function narrowedCall<M extends MethodName, Row>(parts: NarrowedCall<M, Row>): ExecCommand {
  const { tokens, groups, ways, method, narrow, text, privilege = 'read' } = parts;
  const { everywhere, isRecords = false, gather } = parts;
  const all: readonly Token[] = [SHOW, ...tokens, options(...groups, ...groupsOf(ways))];
  return command({
    privilege,
    ...(everywhere && { everywhere }),
    tokens: all,
    json: { resultOf: method },
    async run(cli, args: unknown) {
      if (everywhere) await cli.settle();
      const { state, pattern, sort, limit, ...asked } = args as NarrowArgs;
      const params = asked as Methods[M]['params'];
      const result =
        gather === undefined
          ? await (await cli.client()).request(method, params)
          : gather.join(
              await gathered(pagesOf(cli, asked as { interface?: string }, gather.fetch, ROWS_OF_A_PAGE)),
            );
      if (cli.signal.aborted) return null;
      const narrowing = narrowingOf(ways, args as NarrowArgs);
      const data = narrow(result, (all) => narrowedRows(all, narrowing));
      return { data, text: text(data), isRecords };
    },
  });
}

/** The rows of all pages. */
export async function gathered<Row>(pages: AsyncIterable<Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of pages) rows.push(...page);
  return rows;
}

interface OfPeer {
  peer: string;
  interface?: string;
}

/** Fetches pages of all there is, or what there is of the peer that is asked for, which needs none. */
export function pagesOrPeer<Row>(
  pages: Fetch<Row>,
  one: (client: DaemonClient, of: OfPeer) => Promise<Row[]>,
): (filter: Partial<OfPeer>) => Fetch<Row> {
  return ({ peer, interface: within }) => {
    if (peer === undefined) return pages;
    const of = { peer, ...(within !== undefined && { interface: within }) };
    return async (client) => ({ rows: await one(client, of), next: null });
  };
}

/** How rows of peers, links and MAC addresses are found by the name of their peer. */
const OF_PEERS = 'Only peers whose name fits a pattern';

const PEER_WAYS: Ways<PeerStatus> = {
  states: {
    words: { up: 'Can be reached', down: 'Cannot be reached', shutdown: 'Shut down' },
    of: ({ state }) => state,
  },
  name: { help: OF_PEERS, of: ({ name }) => name },
  sorts: {
    peer: { help: 'By name', order: (a, b) => byName(a.name, b.name) },
    state: { help: 'By state', order: (a, b) => byName(a.state, b.state) },
    since: { help: 'Changed last first', order: (a, b) => larger(b.changedSecondsAgo, a.changedSecondsAgo) },
  },
};

const LINK_WAYS: Ways<LinkStatus> = {
  states: {
    words: {
      up: 'In use',
      down: 'Cannot be used',
      'one-way': 'Heard, but the peer does not hear us',
      shutdown: 'Shut down',
      waiting: 'The remote end is not known yet',
      damped: 'Held back: it went down too often',
      draining: 'Being taken out of use',
      drained: 'Out of use',
    },
    of: ({ state }) => state,
  },
  name: { help: OF_PEERS, of: ({ peer }) => peer },
  sorts: {
    peer: { help: 'By peer', order: (a, b) => byName(a.peer, b.peer) || a.link - b.link },
    state: { help: 'By state', order: (a, b) => byName(a.state, b.state) },
    rtt: { help: 'Slowest first', order: (a, b) => larger(a.rttSmoothedUs, b.rttSmoothedUs) },
    loss: { help: 'Most loss first', order: (a, b) => larger(a.lossOutPermille, b.lossOutPermille) },
    rate: { help: 'Busiest first', order: (a, b) => larger(a.sentBytesPerSecond, b.sentBytesPerSecond) },
  },
};

export const COUNTER_WAYS: Ways<Counter> = {
  name: { help: 'Only counters whose name fits a pattern', of: ({ counter }) => counter },
  sorts: {
    name: { help: 'By name', order: (a, b) => byName(a.counter, b.counter) },
    peer: { help: 'By peer', order: (a, b) => byName(a.peer, b.peer) },
    value: { help: 'Largest first', order: (a, b) => larger(a.value, b.value) },
  },
};

export const PEERS_HELP = 'Peers, one per line; with a name, one in detail';
export const COUNTERS_HELP = 'All counters';

/** Counters of everything, or of one peer. */
export const fetchCounters = pagesOrPeer<Counter>(
  (client, page) => client.request('show.countersPage', page),
  (client, of) => client.request('show.counters', of),
);

export const listingCommands: ExecCommand[] = [
  listing({
    word: 'peers',
    help: PEERS_HELP,
    groups: [OF_INTERFACE],
    ways: PEER_WAYS,
    method: 'show.peers',
    fetch: () => (client, page) => client.request('show.peersPage', page),
    layout: PEERS_TABLE,
  }),
  listing({
    word: 'links',
    help: 'All links, one per line',
    groups: [OF_PEER, OF_LINK, OF_INTERFACE],
    ways: LINK_WAYS,
    method: 'show.links',
    fetch: pagesOrPeer<LinkStatus>(
      (client, page) => client.request('show.linksPage', page),
      (client, of) => client.request('show.links', of),
    ),
    keep:
      ({ link: id }) =>
      ({ link }) =>
        id === undefined || link === id,
    layout: LINKS_TABLE,
  }),
  listing({
    word: 'counters',
    help: COUNTERS_HELP,
    groups: [OF_PEER, [flag('nonzero', 'Only those above zero')], OF_INTERFACE],
    ways: COUNTER_WAYS,
    method: 'show.counters',
    fetch: fetchCounters,
    keep:
      ({ nonzero }) =>
      ({ value }) =>
        !nonzero || value !== 0,
    layout: COUNTERS_TABLE,
    brief: {
      rows: 90,
      more: 'There are more: "show counters NAME" has those of a peer, "nonzero" and "limit N" those of all.',
    },
  }),
];
