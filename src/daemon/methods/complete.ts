/** `complete`: names that exist now, for completion in the CLI. */
import { z } from 'zod';
import type { Config } from '../../api/config.js';
import type { CompleteParams } from '../../api/index.js';
import { type MethodTable, read } from './method.js';
import { ofPeer } from './params.js';

/** More are of no help at a terminal. */
const MAX_COMPLETIONS = 1000;

export const COMPLETE_METHODS = {
  complete: read(
    ofPeer.extend({ kind: z.enum(['interface', 'peer', 'link', 'session']) }),
    ({ runningConfig, configurator }, params) => {
      const names =
        params.kind === 'session'
          ? configurator.views.namedCandidates().map(({ name }) => name)
          : configured(runningConfig(), params);
      return [...new Set(names)].sort().slice(0, MAX_COMPLETIONS);
    },
  ),
} satisfies Partial<MethodTable>;

function configured(config: Config, { kind, interface: parent, peer }: CompleteParams): string[] {
  const interfaces = config.interfaces.filter(
    ({ name }) => kind === 'interface' || parent === undefined || name === parent,
  );
  if (kind === 'interface') return interfaces.map(({ name }) => name);
  const peers = interfaces.flatMap((found) => found.peers);
  if (kind === 'peer') return peers.map(({ name }) => name);
  const narrowed = peers.filter(({ name }) => peer === undefined || name === peer);
  return narrowed.flatMap(({ links }) => links.map(({ id }) => String(id)));
}
