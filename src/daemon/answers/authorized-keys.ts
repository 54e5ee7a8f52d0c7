/** The clients that interfaces admit, connected or not. */
import type { AuthorizedKeyStatus, Page, PageParams } from '../../api/index.js';
import { RequestError } from '../base/request-errors.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { readCursor } from './pages.js';

/** Answers about more clients than this are given in pages only. */
const MAX_UNPAGED = 4096;

/** The next clients after `cursor`, in the order of the file. */
export function keysPage(
  runtimes: readonly InterfaceRuntime[],
  { cursor, limit }: PageParams,
): Page<AuthorizedKeyStatus> {
  const from = cursor === undefined ? null : readCursor(cursor);
  const first = from === null ? 0 : runtimes.findIndex(({ name }) => name === from.name);
  if (first < 0) return { rows: [], next: null };
  const rows: AuthorizedKeyStatus[] = [];
  let begin = from?.row ?? 0;
  for (const runtime of runtimes.slice(first)) {
    const all = runtime.clients.all();
    const end = Math.min(all.length, begin + limit - rows.length);
    for (const client of all.slice(begin, end)) rows.push(statusOf(runtime, client));
    if (end < all.length) return { rows, next: `${runtime.name}:${end}` };
    begin = 0;
  }
  return { rows, next: null };
}

/** All clients; throws `RequestError` when they are too many for one answer. */
export function authorizedKeys(runtimes: readonly InterfaceRuntime[]): AuthorizedKeyStatus[] {
  const { rows, next } = keysPage(runtimes, { limit: MAX_UNPAGED });
  if (next !== null) throw new RequestError('there are too many clients for one answer: ask for pages');
  return rows;
}

type Client = InterfaceRuntime['clients'] extends { all(): readonly (infer C)[] } ? C : never;

function statusOf(runtime: InterfaceRuntime, client: Client): AuthorizedKeyStatus {
  const { name, key, template, vlan, description, expiresMs, line } = client;
  return {
    interface: runtime.name,
    name,
    publicKey: Buffer.from(key, 'latin1').toString('base64'),
    template: template ?? null,
    vlan: vlan ?? null,
    description: description ?? null,
    expiresMs: expiresMs ?? null,
    line,
    state: stateOf(runtime, client),
  };
}

function stateOf(runtime: InterfaceRuntime, client: Client): AuthorizedKeyStatus['state'] {
  if (runtime.clients.isExpired(client)) return 'expired';
  const entry = runtime.peers.get(client.name);
  if (entry?.client?.key !== client.key) return 'absent';
  return entry.up ? 'up' : 'down';
}
