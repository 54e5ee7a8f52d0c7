/** What each method of the protocol does. */
import type { ClientStatus, CompleteParams, MethodName, Methods, Who } from '../../api/index.js';
import { renderConfig } from '../../config/render.js';
import { withoutSecrets } from '../../config/secrets.js';
import { type Backend, RequestError } from '../base/errors.js';
import type { Configurator } from '../commits/configurator.js';

/** What a call is made with. */
export interface Call {
  backend: Backend;
  configurator: Configurator;
  who: Who;
  /** Everybody who is connected. */
  clients(): Omit<ClientStatus, 'own'>[];
  /** Aborts when the client has gone, or cancels the request. */
  signal: AbortSignal;
}

/** These belong to the connection rather than to the daemon. */
export type SessionMethod = 'hello' | 'cancel' | 'events.subscribe' | 'events.unsubscribe';

type Handlers = {
  [M in Exclude<MethodName, SessionMethod>]: (
    call: Call,
    params: Methods[M]['params'],
  ) => Promise<Methods[M]['result']>;
};

export const METHODS: Handlers = {
  'show.version': ({ backend }) => backend.version(),
  'show.interfaces': ({ backend }, params) => backend.interfaces(params),
  'show.peers': ({ backend }, params) => backend.peers(params),
  'show.peersPage': ({ backend }, params) => backend.peersPage(params),
  'show.peer': async ({ backend }, params) => {
    const found = await backend.peers(params);
    if (found.length === 0) throw new RequestError(`peer ${params.peer} not found`);
    if (found.length > 1) {
      const places = found.map((peer) => peer.interface).join(', ');
      throw new RequestError(`peer ${params.peer} is on several interfaces (${places}): name one`);
    }
    return found[0];
  },
  'show.links': ({ backend }, params) => backend.links(params),
  'show.linksPage': ({ backend }, params) => backend.linksPage(params),
  'show.mtu': ({ backend }, params) => backend.mtus(params),
  'show.linkHistory': ({ backend }, params) => backend.linkHistory(params),
  'show.metrics': async ({ backend }) => backend.metrics(),
  'show.macTable': ({ backend }, params) => backend.macTable(params),
  'show.counters': ({ backend }, params) => backend.counters(params),
  'show.countersPage': ({ backend }, params) => backend.countersPage(params),
  'show.users': async ({ clients, who }) =>
    clients().map((client) => ({ ...client, own: client.session === who.session })),
  'show.events': async ({ backend }, params) => backend.recentEvents(params),
  'show.drops': ({ backend }, params) => backend.drops(params),
  'show.runningConfig': async ({ backend }) => {
    const config = backend.runningConfig();
    return { text: renderConfig(config), config };
  },
  'show.startupConfig': async ({ backend }) => {
    const { file, text } = await backend.startupConfig();
    return { file, text: text === null ? null : withoutSecrets(text) };
  },
  'show.system': ({ backend }) => backend.system(),
  'config.apply': ({ configurator, who }, params) => configurator.apply(who, params),
  'config.write': ({ configurator, who }) => configurator.write(who),
  'config.state': async ({ configurator, who }) => configurator.state(who),
  'config.open': ({ configurator, who }, params) => configurator.open(who, params),
  'config.close': ({ configurator, who }) => configurator.close(who),
  'config.candidate': async ({ configurator, who }) => configurator.views.candidate(who),
  'config.compare': ({ configurator, who }, params) => configurator.views.compare(who, params.with),
  'config.commit': ({ configurator, who }, params) => configurator.commit(who, params),
  'config.confirm': ({ configurator, who }) => configurator.confirm(who),
  'config.abort': ({ configurator, who }) => configurator.abort(who),
  'config.discard': ({ configurator, who }) => configurator.discard(who),
  'config.update': ({ configurator, who }) => configurator.update(who),
  'config.rollback': ({ configurator, who }, params) => configurator.rollback(who, params),
  'config.detach': ({ configurator, who }) => configurator.detach(who),
  'config.archive': async ({ configurator }) => configurator.views.archived(),
  'config.archived': ({ configurator }, { number }) => configurator.views.archivedText(number),
  'config.sessions': async ({ configurator }) => configurator.views.sessions(),
  'config.removeSession': ({ configurator, who }, { session }) => configurator.removeSession(who, session),
  'reload.start': ({ configurator, who }, { inMinutes }) => configurator.reload(who, inMinutes),
  'reload.cancel': ({ configurator, who }) => configurator.cancelReload(who),
  'show.accounting': async ({ configurator }, { last }) => configurator.views.records(last),
  'clear.counters': async ({ backend }, params) => {
    await backend.clearCounters(params);
    return null;
  },
  'clear.peer': async ({ backend }, params) => {
    await backend.clearPeer(params);
    return null;
  },
  'drain.link': ({ backend, signal }, params) => backend.drainLink(params, signal),
  'undrain.link': ({ backend }, params) => backend.undrainLink(params),
  'explain.peer': ({ backend }, params) => backend.explainPeer(params),
  'explain.flows': ({ backend }, params) => backend.explainFlows(params),
  wait: ({ backend, signal }, params) => backend.wait(params, signal),
  ping: ({ backend, signal }, params) => backend.ping(params, signal),
  complete: async ({ backend, configurator }, params) =>
    params.kind === 'session'
      ? unique(configurator.views.sessions().map(({ name }) => name))
      : completions(backend, params),
};

/** More are no help to anybody in front of a terminal. */
const MAX_COMPLETIONS = 1000;

function completions(backend: Backend, { kind, interface: parent, peer }: CompleteParams): string[] {
  const interfaces = backend
    .runningConfig()
    .interfaces.filter(({ name }) => kind === 'interface' || parent === undefined || name === parent);
  if (kind === 'interface') return unique(interfaces.map(({ name }) => name));
  const peers = interfaces.flatMap((found) => found.peers);
  if (kind === 'peer') return unique(peers.map(({ name }) => name));
  const narrowed = peers.filter(({ name }) => peer === undefined || name === peer);
  return unique(narrowed.flatMap(({ links }) => links.map(({ id }) => String(id))));
}

function unique(names: string[]): string[] {
  return [...new Set(names)].sort().slice(0, MAX_COMPLETIONS);
}
