/** `show …`: each asks one method and prints its result. */
import type {
  DropCounter,
  InterfaceStatus,
  LinkHistoryParams,
  MethodName,
  Methods,
} from '../../api/index.js';
import { metricsText } from '../../api/metrics-text.js';
import { byName } from '../../base/order.js';
import { flag, formerly, keyword, options, type Token } from '../../grammar/command.js';
import { dropsText } from '../output/drops.js';
import { historiesText } from '../output/histories.js';
import { interfacesBriefText, interfacesText, peersSummaryText } from '../output/interfaces.js';
import { peerText } from '../output/peers.js';
import { systemText, versionText } from '../output/shows.js';
import {
  calling,
  type ExecCommand,
  IN_INTERFACE,
  INTERFACE_NAME,
  OF_INTERFACE,
  OF_LINK,
  OF_PEER,
  PEER_NAME,
  SHOW,
} from './command.js';
import { narrowedCall, PEERS_HELP } from './listings.js';
import { larger } from './narrowing.js';

interface Show<M extends MethodName> {
  word: string;
  help: string;
  /** What may follow the word; each filter is a parameter of the method. */
  filters?: readonly Token<Partial<Methods[M]['params']>>[];
  method: M;
  text(result: Methods[M]['result']): string[];
}

function show<M extends MethodName>({ word, help, filters = [], method, text }: Show<M>): ExecCommand {
  return calling({
    privilege: 'read',
    tokens: [SHOW, keyword(word, help), ...filters],
    method,
    params: (filters) => filters as Methods[M]['params'],
    text,
  });
}

export const showCommands: ExecCommand[] = [
  show({ word: 'version', help: 'Versions and uptime', method: 'show.version', text: versionText }),
  show({
    word: 'interfaces',
    help: 'Interfaces with their state and counters',
    filters: [
      options([formerly([INTERFACE_NAME], [keyword('interface', 'Only this interface'), INTERFACE_NAME])]),
    ],
    method: 'show.interfaces',
    text: interfacesText,
  }),
  narrowedCall<'show.interfaces', InterfaceStatus>({
    tokens: [
      keyword('interfaces', 'Interfaces with their state and counters'),
      keyword('brief', 'One per line'),
    ],
    groups: [],
    ways: {
      states: {
        words: { up: 'In service', down: 'Out of service, whatever the reason' },
        of: ({ state }) => state,
      },
      name: { help: 'Only interfaces whose name fits a pattern', of: ({ name }) => name },
      sorts: {
        name: { help: 'By name', order: (a, b) => byName(a.name, b.name) },
        state: { help: 'By state', order: (a, b) => byName(a.state, b.state) },
        peers: { help: 'Most peers first', order: (a, b) => larger(a.peers, b.peers) },
      },
    },
    method: 'show.interfaces',
    narrow: (interfaces, rows) => rows(interfaces),
    text: interfacesBriefText,
  }),
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('peers', PEERS_HELP),
      keyword('summary', 'How many peers and links of each interface are up'),
    ],
    method: 'show.interfaces',
    params: () => ({}),
    text: peersSummaryText,
  }),
  show({
    word: 'peers',
    help: PEERS_HELP,
    filters: [PEER_NAME, IN_INTERFACE],
    method: 'show.peer',
    text: peerText,
  }),
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('links', 'All links, one per line'),
      keyword('history', 'Measurements of the last ten minutes, second by second'),
      options(OF_PEER, OF_LINK, [flag('hours', 'The last day, minute by minute')], OF_INTERFACE),
    ],
    method: 'show.linkHistory',
    params: ({ hours, ...filter }): LinkHistoryParams => ({ ...filter, step: hours ? 'minutes' : 'seconds' }),
    text: historiesText,
  }),
  show({
    word: 'metrics',
    help: 'All metrics in the Prometheus text format',
    method: 'show.metrics',
    text: metricsText,
  }),
  narrowedCall<'show.drops', DropCounter>({
    tokens: [keyword('drops', 'What was dropped, by reason')],
    groups: [[flag('all', 'Include reasons that have counted nothing')], OF_INTERFACE],
    ways: {
      name: { help: 'Only reasons that fit a pattern', of: ({ reason }) => reason },
      sorts: {
        reason: { help: 'By name', order: (a, b) => byName(a.reason, b.reason) },
        count: { help: 'Most first', order: (a, b) => larger(a.count, b.count) },
        rate: { help: 'Fastest growing first', order: (a, b) => larger(a.perSecond, b.perSecond) },
      },
    },
    method: 'show.drops',
    narrow: (drops, rows) => rows(drops),
    text: dropsText,
  }),
  show({
    word: 'running-config',
    help: 'Running configuration',
    method: 'show.runningConfig',
    text: (config) => linesOf(config.text),
  }),
  show({
    word: 'startup-config',
    help: 'Startup configuration',
    method: 'show.startupConfig',
    text: (config) => (config.text === null ? [`There is no ${config.file}.`] : linesOf(config.text)),
  }),
  show({
    word: 'system',
    help: 'Process, datapath, offloads and sockets',
    method: 'show.system',
    text: systemText,
  }),
];

function linesOf(block: string): string[] {
  return block.replace(/\n$/, '').split('\n');
}
