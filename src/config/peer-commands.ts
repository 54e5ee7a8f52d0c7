/** Commands of `(config-peer)`. */

import type { LinkConfig, PeerConfig } from '../api/config.js';
import { keyword, value } from '../grammar/command.js';
import { FILENAME, KEY, NAME, range } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { directCommands } from './direct-commands.js';
import { duplicateCommands, duplicateNone } from './duplicate-commands.js';
import { guardCommands } from './guard-commands.js';
import {
  type Block,
  block,
  type ConfigCommand,
  description,
  fieldsOf,
  peerOf,
  policyOf,
  type Scope,
  shutdownOf,
} from './language.js';
import { multicastRouter } from './multicast-commands.js';
import { portCommands } from './port-commands.js';
import { uplinkOf } from './uplink-commands.js';

const peerField = fieldsOf('peer', peerOf);

export const peerCommands: ConfigCommand[] = [
  peerField('description', description),
  peerField('template', {
    tokens: [
      keyword('template', 'Use the settings of a peer-template where this peer has none'),
      value('template', NAME, 'Name of the peer-template'),
    ],
    noNeeds: 1,
    read: ({ template }) => template,
    write: (name) => `template ${renderWord(name)}`,
  }),
  peerField('publicKey', {
    tokens: [keyword('public-key', 'Public key of the peer'), value('key', KEY, '32 bytes in base64')],
    read: ({ key }) => key,
    write: (key) => `public-key ${key}`,
  }),
  peerField('presharedKeyFile', {
    tokens: [
      keyword('preshared-key-file', 'File with a secret shared with this peer'),
      value('file', FILENAME, 'Absolute path, readable only by its owner'),
    ],
    read: ({ file }) => file,
    write: (file) => `preshared-key-file ${renderWord(file)}`,
  }),
  policyOf('peer', peerOf, 'How this peer uses its links'),
  ...duplicateCommands('peer', peerOf),
  multicastRouter,
  ...guardCommands,
  duplicateNone(peerOf),
  ...portCommands,
  uplinkOf,
  ...directCommands,
  block('peer', {
    opens: 'link',
    tokens: [
      keyword('link', 'A path to the peer; both ends use the same id'),
      value('link', range(0, 7), 'Link id', { complete: 'link', called: 'link id' }),
    ],
    enter(scope, { link: id }) {
      const { links } = peerOf(scope);
      let found = links.find((candidate) => candidate.id === id);
      if (found === undefined) {
        found = { id };
        links.push(found);
      }
      return linkBlock(scope, found);
    },
    remove(scope, { link: gone }) {
      const found = peerOf(scope);
      found.links = found.links.filter(({ id }) => id !== gone);
    },
    blocks: (scope) => peerOf(scope).links.map((found) => linkBlock(scope, found)),
  }),
  shutdownOf('peer', peerOf),
];

/** The block of a peer, or of a template, by the keyword that opens it. */
export function peerBlock(scope: Scope, opener: 'peer' | 'peer-template', found: PeerConfig): Block {
  return { header: `${opener} ${renderWord(found.name)}`, scope: { ...scope, peer: found, link: null } };
}

function linkBlock(scope: Scope, found: LinkConfig): Block {
  return { header: `link ${found.id}`, scope: { ...scope, link: found } };
}
