/** `show …` of what there may be tens of thousands of: fetched and printed a page at a time. */
import type { LinkStatus, MacEntry, MethodName, Page, PageParams, PeerStatus } from '../../api/index.js';
import { type ArgsOf, keyword, options, type Token } from '../../grammar/command.js';
import type { DaemonClient } from '../base/daemon-client.js';
import { COUNTERS_TABLE, LINKS_TABLE, MAC_TABLE, PEERS_TABLE } from '../output/shows.js';
import { GrowingTable, type TableLayout } from '../output/table.js';
import {
  type Cli,
  command,
  type ExecCommand,
  IN_INTERFACE,
  OF_INTERFACE,
  OF_LINK,
  OF_PEER,
  type OutputPart,
  SHOW,
} from './command.js';

/** A page of peers with eight links each is about a megabyte. */
const PEERS_OF_A_PAGE = 200;

/** Fetches a page. */
type Fetch<Row> = (client: DaemonClient, page: PageParams) => Promise<Page<Row>>;

async function* partsOf<Row>(
  cli: Cli,
  filter: { interface?: string },
  fetch: Fetch<Row>,
  layout: TableLayout<Row>,
): AsyncGenerator<OutputPart> {
  const client = await cli.client();
  const width = cli.interactive ? (await cli.terminal())?.columns : undefined;
  const table = new GrowingTable(width === undefined ? layout : { ...layout, width });
  let cursor: string | null = null;
  do {
    const params: PageParams = { ...filter, limit: PEERS_OF_A_PAGE, ...(cursor !== null && { cursor }) };
    const { rows, next }: Page<Row> = await fetch(client, params);
    yield { data: rows, text: table.add(rows) };
    cursor = next;
  } while (cursor !== null && !cli.signal.aborted);
  yield { data: [], text: table.end() };
}

interface Listing<Row, T extends readonly Token[]> {
  word: string;
  help: string;
  filters: T;
  /** The method whose result the JSON form is. */
  method: MethodName;
  fetch(filter: ArgsOf<T>): Fetch<Row>;
  layout: TableLayout<Row>;
}

/** A command that prints a table of any length. */
export function listing<Row, const T extends readonly Token[]>(parts: Listing<Row, T>): ExecCommand {
  const { word, help, filters, method, fetch, layout } = parts;
  const tokens: Token[] = [SHOW, keyword(word, help), ...filters];
  return command({
    privilege: 'read',
    tokens,
    json: { resultOf: method },
    async run(cli, args: unknown) {
      const filter = args as ArgsOf<T> & { interface?: string };
      const within = filter.interface === undefined ? {} : { interface: filter.interface };
      return { json: 'array', parts: partsOf(cli, within, fetch(filter), layout) };
    },
  });
}

/** An answer that needs no pages. */
function whole<Row>(ask: (client: DaemonClient) => Promise<Row[]>): Fetch<Row> {
  return async (client) => ({ rows: await ask(client), next: null });
}

/** Links of one id only, if one is given. */
function ofLink(id: number | undefined, fetch: Fetch<LinkStatus>): Fetch<LinkStatus> {
  if (id === undefined) return fetch;
  return async (client, page) => {
    const { rows, next } = await fetch(client, page);
    return { rows: rows.filter(({ link }) => link === id), next };
  };
}

export const PEERS_HELP = 'Peers, one per line; with a name, one in detail';

export const listingCommands: ExecCommand[] = [
  listing<PeerStatus, [typeof IN_INTERFACE]>({
    word: 'peers',
    help: PEERS_HELP,
    filters: [IN_INTERFACE],
    method: 'show.peers',
    fetch: () => (client, page) => client.request('show.peersPage', page),
    layout: PEERS_TABLE,
  }),
  listing({
    word: 'links',
    help: 'All links, one per line',
    filters: [options(OF_PEER, OF_LINK, OF_INTERFACE)],
    method: 'show.links',
    fetch: ({ link, ...filter }) =>
      ofLink(
        link,
        filter.peer === undefined
          ? (client, page) => client.request('show.linksPage', page)
          : whole((client) => client.request('show.links', filter)),
      ),
    layout: LINKS_TABLE,
  }),
  listing<MacEntry, [typeof IN_INTERFACE]>({
    word: 'mac-table',
    help: 'MAC addresses and the peers they belong to',
    filters: [IN_INTERFACE],
    method: 'show.macTable',
    fetch: () => (client, page) => client.request('show.macTablePage', page),
    layout: MAC_TABLE,
  }),
  listing({
    word: 'counters',
    help: 'All counters',
    filters: [options(OF_PEER, OF_INTERFACE)],
    method: 'show.counters',
    fetch: (filter) =>
      filter.peer === undefined
        ? (client, page) => client.request('show.countersPage', page)
        : whole((client) => client.request('show.counters', filter)),
    layout: COUNTERS_TABLE,
  }),
];
