/** The lines `uplink-group`, of an interface and of a peer: several servers, of which one carries. */
import type { InterfaceConfig, PeerConfig } from '../api/config.js';
import { keyword, options, value } from '../grammar/command.js';
import { NAME, range } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { DEFAULTS } from './defaults.js';
import { interfaceOf, peerOf, type Setting, setting } from './language.js';

const GROUP = value('group', NAME, 'Name of the group');

/** How a group moves back to a better server. */
export const uplinkPreemption: Setting = setting('interface', {
  tokens: [
    keyword('uplink-group', 'Several servers, of which one carries'),
    GROUP,
    keyword('preempt', 'Move back to a server of higher priority once it is ready again'),
    options([
      keyword('delay', 'How long it must have been ready'),
      value('delay', range(0, 86400, 's'), 'Time', { default: DEFAULTS.preemptDelay }),
    ]),
  ],
  noNeeds: 2,
  default: 'off: the server that carries is kept',
  set(scope, { group, delay = DEFAULTS.preemptDelay }) {
    const found = interfaceOf(scope);
    found.uplinkGroups = [...others(found, group), { name: group, preemptDelay: delay }];
  },
  unset(scope, { group }) {
    const found = interfaceOf(scope);
    const left = others(found, group);
    if (left.length > 0) found.uplinkGroups = left;
    else delete found.uplinkGroups;
  },
  render: (scope) =>
    (interfaceOf(scope).uplinkGroups ?? []).map(
      ({ name, preemptDelay }) => `uplink-group ${renderWord(name)} preempt delay ${preemptDelay}`,
    ),
});

function others({ uplinkGroups = [] }: InterfaceConfig, group: string | undefined) {
  return uplinkGroups.filter(({ name }) => name !== group);
}

/** The group that a peer is a server of. */
export const uplinkOf: Setting = setting('peer', {
  tokens: [
    keyword('uplink-group', 'One of several servers, of which one carries'),
    GROUP,
    options([
      keyword('priority', 'Which of the servers that are ready is taken first'),
      value('priority', range(0, 255), 'Higher wins', { default: DEFAULTS.uplinkPriority }),
    ]),
  ],
  noNeeds: 1,
  set(scope, { group, priority }) {
    const uplink: PeerConfig['uplink'] = { group };
    if (priority !== undefined) uplink.priority = priority;
    peerOf(scope).uplink = uplink;
  },
  unset(scope) {
    delete peerOf(scope).uplink;
  },
  render(scope) {
    const { uplink } = peerOf(scope);
    if (uplink === undefined) return [];
    const priority = uplink.priority === undefined ? '' : ` priority ${uplink.priority}`;
    return [`uplink-group ${renderWord(uplink.group)}${priority}`];
  },
});
