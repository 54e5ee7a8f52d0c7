/** A first interface, to which others can be invited. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, InterfaceConfig, LinkConfig } from '../../api/config.js';
import type { SetupParams, SetupProposal } from '../../api/index.js';
import { DEFAULTS } from '../../config/defaults.js';
import { renderConfig } from '../../config/render.js';
import { RequestError } from '../base/request-errors.js';
import { defaultRoutes, hostAddresses, uplinksOf } from './host-addresses.js';

/** What those who come take. */
const TEMPLATE = 'member';
const MAX_LINKS = 8;

/**
 * The lines of a first interface, and an empty file of clients beside its key, unless there is one. Nothing is configured.
 * @throws RequestError when there is an interface of this name
 */
export function proposeFirst(params: SetupParams, running: Config, stateFolder: string): SetupProposal {
  const { interface: name, addresses, listenPort } = params;
  if (running.interfaces.some((one) => one.name === name))
    throw new RequestError(`interface ${name} already exists: invite its clients with "invite"`);
  const file = join(stateFolder, 'clients', `${name}.keys`);
  makeEmpty(file);
  const own = hostAddresses(new Set(running.interfaces.map((one) => one.name)));
  const count = params.links ?? Math.min(MAX_LINKS, Math.max(2, own.length));
  const uplinks = uplinksOf(own, defaultRoutes());
  const links = Array.from({ length: count }, (_, id): LinkConfig => ({ id, ...localOf(uplinks, id) }));
  const first: InterfaceConfig = {
    name,
    addresses: [...addresses],
    ...(listenPort !== DEFAULTS.listenPort && { listenPort }),
    disabledOffloads: [],
    authorizedKeys: { file, template: TEMPLATE },
    peerTemplates: [{ name: TEMPLATE, links }],
    peers: [],
    enabled: true,
  };
  const lines = renderConfig({ interfaces: [first] })
    .trimEnd()
    .split('\n');
  return { interface: name, addresses: [...addresses], listenPort, lines };
}

/**
 * Where a link leaves. With an uplink alone, or none, the routing table decides. Of several, what came by one must be answered by
 * it, whichever the table prefers: so each link belongs to one.
 */
function localOf(uplinks: readonly string[], id: number): Pick<LinkConfig, 'local'> {
  return uplinks.length < 2 ? {} : { local: { kind: 'interface', name: uplinks[id % uplinks.length] } };
}

function makeEmpty(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
}
