/** `top`: the live picture of all links. */
import type { LinkStatus } from '../../api/index.js';
import { keyword } from '../../grammar/command.js';
import { EXIT, failure } from '../base/failure.js';
import { type Cli, command, type ExecCommand, IN_INTERFACE } from './command.js';

const INTERVAL_MS = 1000;
/** With very many peers looks are rarer, so that no more than this share of the time is spent on them. */
const SHARE_OF_TIME = 0.2;
const PEERS_OF_A_PAGE = 200;

export const topCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [keyword('top', 'Live view of links: state, rates and round-trip times'), IN_INTERFACE],
    json: null,
    async run(cli, filter) {
      const terminal = await cli.terminal();
      if (terminal === null) throw failure(EXIT.FAILED, 'top needs a terminal; use "show links" in scripts');
      const [{ showPicture }, { SORTS, TopModel }, { timeText }] = await Promise.all([
        import('../terminal/full-screen.js'),
        import('../output/top.js'),
        import('../output/events.js'),
      ]);
      const { hello } = await cli.client();
      const model = new TopModel();
      const view = {
        sort: SORTS[0] as (typeof SORTS)[number],
        reversed: false,
        skip: 0,
        hostname: hello.hostname,
        paused: false,
      };
      let due = 0;
      const keys: Record<string, () => void> = {
        s: () => {
          view.sort = SORTS[(SORTS.indexOf(view.sort) + 1) % SORTS.length];
        },
        r: () => {
          view.reversed = !view.reversed;
        },
        p: () => {
          view.paused = !view.paused;
        },
        up: () => {
          view.skip = Math.max(0, view.skip - 1);
        },
        down: () => {
          view.skip = Math.min(Math.max(0, model.size - 1), view.skip + 1);
        },
        'page-up': () => {
          view.skip = Math.max(0, view.skip - terminal.rows);
        },
        'page-down': () => {
          view.skip = Math.min(Math.max(0, model.size - 1), view.skip + terminal.rows);
        },
      };
      await showPicture(
        terminal,
        {
          intervalMs: () => Math.max(0, due - performance.now()),
          key: (name) => {
            keys[name]?.();
            return Object.hasOwn(keys, name);
          },
          draw: async ({ columns, rows }) => {
            // A key or a new size draws again; only time asks the daemon again.
            if (performance.now() >= due) {
              const began = performance.now();
              if (!view.paused) model.look(await look(cli, filter), performance.now());
              const took = performance.now() - began;
              due = began + Math.max(INTERVAL_MS, took / SHARE_OF_TIME);
            }
            return model.lines(view, columns, rows, timeText(Date.now()).slice(0, 8));
          },
          colour: cli.settings.colour,
        },
        cli.signal,
      );
      return null;
    },
  }),
];

/** The links of all peers. */
async function look(cli: Cli, filter: { interface?: string }): Promise<LinkStatus[]> {
  const client = await cli.client();
  const links: LinkStatus[] = [];
  let cursor: string | null = null;
  do {
    const page: { rows: LinkStatus[]; next: string | null } = await client.request('show.linksPage', {
      ...filter,
      limit: PEERS_OF_A_PAGE,
      ...(cursor !== null && { cursor }),
    });
    links.push(...page.rows);
    cursor = page.next;
  } while (cursor !== null && !cli.signal.aborted);
  return links;
}
