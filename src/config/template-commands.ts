/** The lines of an interface for many peers of one kind: their templates, and the file of those admitted by it. */

import type { PeerConfig } from '../api/config.js';
import { keyword, options, value } from '../grammar/command.js';
import { FILENAME, NAME, range } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { DEFAULTS } from './defaults.js';
import { block, type ConfigCommand, fieldsOf, interfaceOf } from './language.js';
import { findOrAdd, removeNamed } from './lookup.js';
import { peerBlock } from './peer-commands.js';

const interfaceField = fieldsOf('interface', interfaceOf);

export const templateCommands: ConfigCommand[] = [
  interfaceField('authorizedKeys', {
    tokens: [
      keyword('authorized-keys', 'Admit clients that have no block of their own'),
      value('file', FILENAME, 'Absolute path of the file with a name and a public key a line'),
      options([
        keyword('template', 'Settings of clients whose line names no template'),
        value('template', NAME, 'Name of a peer-template'),
      ]),
    ],
    noNeeds: 1,
    read: ({ file, template }) => ({ file, ...(template !== undefined && { template }) }),
    write: ({ file, template }) =>
      `authorized-keys ${renderWord(file)}${template === undefined ? '' : ` template ${renderWord(template)}`}`,
  }),
  interfaceField('heartbeatBudget', {
    tokens: [
      keyword('heartbeat', 'Heartbeats of clients'),
      keyword('budget', 'Ask clients for a slower pace when theirs would take more'),
      value('budget', range(10, 1_000_000, 'heartbeats/s'), 'Heartbeats sent in all', {
        default: DEFAULTS.heartbeatBudget,
      }),
    ],
    noNeeds: 2,
    read: ({ budget }) => budget,
    write: (perSecond) => `heartbeat budget ${perSecond}`,
  }),
  block('interface', {
    opens: 'peer',
    tokens: [
      keyword('peer-template', 'Settings that peers and clients take by its name'),
      value('template', NAME, 'Name of the template'),
    ],
    enter(scope, { template: name }) {
      const found = interfaceOf(scope);
      found.peerTemplates ??= [];
      return peerBlock(
        scope,
        'peer-template',
        findOrAdd<PeerConfig>(found.peerTemplates, name, () => ({ name, links: [] })),
      );
    },
    remove(scope, { template: gone }) {
      const found = interfaceOf(scope);
      removeNamed(found.peerTemplates ?? [], gone);
      if (found.peerTemplates?.length === 0) delete found.peerTemplates;
    },
    blocks: (scope) =>
      (interfaceOf(scope).peerTemplates ?? []).map((found) => peerBlock(scope, 'peer-template', found)),
  }),
];
