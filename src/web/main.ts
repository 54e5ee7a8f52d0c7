/** The page: signs in, asks once a second, hears events, and draws what it gets. */
import type { ControlEvent } from '../api/events.js';
import type { LinkStatus } from '../api/peers.js';
import { eventText } from '../cli/output/events.js';
import { duration } from '../cli/output/format.js';
import { call, NotSignedIn, signIn } from './calls.js';
import { byId, make } from './dom.js';
import { drawing } from './drawing.js';
import { isSame, linkRows } from './link-table.js';
import { Plots } from './plots.js';

const PERIOD_MS = 1000;
const PEERS = 50;
const EVENTS = 100;

const plots = new Plots(byId('plot-area'));
let chosen: LinkStatus | null = null;
/** The page of peers that is shown, and the next one. */
let cursor: string | undefined;
let next: string | null = null;
let stream: EventSource | null = null;

async function refresh(): Promise<void> {
  const page = { limit: PEERS, ...(cursor !== undefined && { cursor }) };
  const [version, interfaces, peers] = await Promise.all([
    call('show.version', {}),
    call('show.interfaces', {}),
    call('show.peersPage', page),
  ]);
  // Before anything is drawn: what is hidden has no width.
  show('network');
  next = peers.next;
  document.title = `${version.hostname} – Octolink`;
  byId('hostname').textContent = version.hostname;
  say(`octolinkd ${version.version}, up ${duration(version.uptimeSeconds)}`);
  byId('interfaces').replaceChildren(
    ...interfaces.map((status) =>
      drawing(
        status,
        version.hostname,
        peers.rows.filter((peer) => peer.interface === status.name),
      ),
    ),
  );
  const links = peers.rows.flatMap((peer) => peer.links);
  chosen ??= links.find((link) => link.active) ?? links[0] ?? null;
  showTable(peers.rows);
  byId('more').hidden = next === null && cursor === undefined;
  byId('more').textContent = next === null ? 'First peers' : 'Next peers';
  if (chosen !== null) await showPlots(chosen);
}

/** A row keeps the focus that it has: somebody may be reading with the keyboard. */
function showTable(peers: Parameters<typeof linkRows>[0]): void {
  const table = byId('links');
  const focused = table.contains(document.activeElement) ? document.activeElement?.textContent : null;
  table.replaceChildren(...linkRows(peers, chosen, choose));
  if (focused === null) return;
  for (const button of table.querySelectorAll('button')) if (button.textContent === focused) button.focus();
}

function choose(link: LinkStatus): void {
  chosen = link;
  void turn();
}

async function showPlots(link: LinkStatus): Promise<void> {
  const { interface: name, peer, link: id } = link;
  const [history] = await call('show.linkHistory', { interface: name, peer, link: id, step: 'seconds' });
  byId('plots').hidden = history === undefined;
  if (history === undefined || !isSame(link, chosen)) return;
  byId('plots-title').textContent = `${peer} link ${id}, last ten minutes`;
  plots.show(history);
}

async function showEvents(): Promise<void> {
  const events = await call('show.events', { last: EVENTS });
  byId('events').replaceChildren(...events.reverse().map(eventItem));
  stream ??= new EventSource('/api/events');
  stream.onmessage = ({ data }) => {
    const list = byId('events');
    list.prepend(eventItem(JSON.parse(data) as ControlEvent));
    while (list.childElementCount > EVENTS) list.lastElementChild?.remove();
  };
}

function eventItem(event: ControlEvent): HTMLElement {
  return make('li', {}, eventText(event));
}

function say(text: string): void {
  const state = byId('state');
  if (state.textContent !== text) state.textContent = text;
}

function show(part: 'login' | 'network'): void {
  byId('login').hidden = part !== 'login';
  byId('network').hidden = part !== 'network';
}

/** One look at the network; false: the token is wanted. */
async function turn(): Promise<boolean> {
  try {
    await refresh();
    if (stream === null) await showEvents();
    return true;
  } catch (error) {
    if (error instanceof NotSignedIn) {
      show('login');
      say('Not signed in');
      return false;
    }
    say(`No answer from the daemon: ${(error as Error).message}`);
    return true;
  }
}

async function run(): Promise<void> {
  const isIn = await turn();
  if (isIn) setTimeout(run, PERIOD_MS);
}

byId('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = byId<HTMLInputElement>('token');
  void signIn(input.value).then((problem) => {
    byId('login-problem').textContent = problem ?? '';
    input.value = '';
    if (problem === null) void run();
  });
});
byId('more').addEventListener('click', () => {
  cursor = next ?? undefined;
  void turn();
});
void run();
