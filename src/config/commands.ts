/**
 * The configuration language: every command of every configuration mode, once. The parser, the renderer, `?`
 * and completion read this table; its order is the order in which a configuration prints.
 */

import type { Config, InterfaceConfig } from '../api/config.js';
import { choice, keyword, options, value } from '../grammar/command.js';
import { HOSTNAME, IFNAME, IPV4, IPV6, range } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { DEFAULTS } from './defaults.js';
import { interfaceCommands } from './interface-commands.js';
import {
  type Block,
  block,
  type ConfigCommand,
  type ConfigMode,
  fieldsOf,
  type LeaveCommand,
  PORT,
} from './language.js';
import { linkCommands } from './link-commands.js';
import { findOrAdd, removeNamed } from './lookup.js';
import { peerCommands } from './peer-commands.js';
import { systemCommands } from './system-commands.js';

const configField = fieldsOf('config', (scope) => scope.config);

/** `ADDRESS [port N]` of something that is served over HTTP. */
const listenPlace = (port: number) =>
  [
    choice(
      [value('address', IPV4, 'IPv4 address of this host; 127.0.0.1: local use only')],
      [value('address', IPV6, 'IPv6 address of this host; ::1: local use only')],
    ),
    options([keyword('port', 'TCP port'), value('port', PORT, 'TCP port', { default: port })]),
  ] as const;

const globalCommands: ConfigCommand[] = [
  configField('hostname', {
    tokens: [
      keyword('hostname', 'Name of this system, shown in the prompt'),
      value('hostname', HOSTNAME, 'Host name'),
    ],
    read: ({ hostname }) => hostname,
    write: (name) => `hostname ${name}`,
  }),
  configField('historyLinks', {
    tokens: [
      keyword('history', 'History of links'),
      keyword('links', 'Number of links with a history; each takes about 140 KB'),
      value('links', range(0, 4096), 'Number; the first links configured are taken', {
        default: DEFAULTS.historyLinks,
      }),
    ],
    read: ({ links }) => links,
    write: (links) => `history links ${links}`,
  }),
  configField('metrics', {
    tokens: [
      keyword('metrics', 'Metrics for monitoring, in the Prometheus text format'),
      keyword('listen', 'Serve them over HTTP, without authentication'),
      ...listenPlace(DEFAULTS.metricsPort),
    ],
    read: ({ address, port = DEFAULTS.metricsPort }) => ({ address, port }),
    write: ({ address, port }) => `metrics listen ${address} port ${port}`,
  }),
  configField('web', {
    tokens: [
      keyword('web', 'A page that shows the network in a browser and changes nothing'),
      keyword('listen', 'Serve it over HTTP, to whoever has the token in the state folder'),
      ...listenPlace(DEFAULTS.webPort),
    ],
    read: ({ address, port = DEFAULTS.webPort }) => ({ address, port }),
    write: ({ address, port }) => `web listen ${address} port ${port}`,
  }),
  ...systemCommands,
  block('config', {
    opens: 'interface',
    tokens: [
      keyword('interface', 'A private network: one TAP device and its peers'),
      value('interface', IFNAME, 'Name of the TAP device', { complete: 'interface' }),
    ],
    enter({ config }, { interface: name }) {
      const found = findOrAdd<InterfaceConfig>(config.interfaces, name, () => ({
        name,
        addresses: [],
        disabledOffloads: [],
        peers: [],
        enabled: false,
      }));
      return interfaceBlock(config, found);
    },
    remove({ config }, { interface: gone }) {
      removeNamed(config.interfaces, gone);
    },
    blocks: ({ config }) => config.interfaces.map((found) => interfaceBlock(config, found)),
  }),
];

function interfaceBlock(config: Config, found: InterfaceConfig): Block {
  return {
    header: `interface ${renderWord(found.name)}`,
    scope: { config, interface: found, peer: null, link: null },
  };
}

function leaving(mode: ConfigMode): ConfigCommand[] {
  const leave = (word: string, help: string, to: LeaveCommand['to']): LeaveCommand => ({
    kind: 'leave',
    mode,
    privilege: 'read',
    tokens: [keyword(word, help)],
    to,
  });
  return [
    leave('exit', 'Leave this mode', 'parent'),
    leave('quit', 'Leave this mode', 'parent'),
    leave('end', 'Leave configuration', 'top'),
  ];
}

/** The whole table, by mode. */
export const CONFIG_COMMANDS: Readonly<Record<ConfigMode, readonly ConfigCommand[]>> = {
  config: [...globalCommands, ...leaving('config')],
  interface: [...interfaceCommands, ...leaving('interface')],
  peer: [...peerCommands, ...leaving('peer')],
  link: [...linkCommands, ...leaving('link')],
};
