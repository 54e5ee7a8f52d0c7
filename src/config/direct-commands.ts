/** The lines `introduce`, of a server, and `direct`, of its clients: direct links between clients. */
import type { PeerConfig } from '../api/config.js';
import { keyword, options, value } from '../grammar/command.js';
import { NAME } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { type ConfigMode, interfaceOf, peerOf, type Scope, type Setting, setting } from './language.js';

const INTRODUCE = keyword(
  'introduce',
  'Introduce clients that talk to each other, so that they make direct links; those that ask for it',
);

function introduceOf(mode: ConfigMode, target: (scope: Scope) => { introduce?: boolean }): Setting {
  return setting(mode, {
    tokens: [INTRODUCE],
    noNeeds: 1,
    default: mode === 'interface' ? 'off' : 'as the interface says',
    ...(mode === 'peer' && { preset: () => null }),
    set(scope) {
      target(scope).introduce = true;
    },
    unset(scope) {
      target(scope).introduce = false;
    },
    reset(scope) {
      delete target(scope).introduce;
    },
    render(scope) {
      const { introduce } = target(scope);
      if (introduce === undefined) return [];
      return [introduce ? 'introduce' : 'no introduce'];
    },
  });
}

export const interfaceIntroduce = introduceOf('interface', interfaceOf);

export const directCommands: Setting[] = [
  introduceOf('peer', peerOf),
  setting('peer', {
    tokens: [
      keyword('direct', 'Make direct links to other clients that this server introduces'),
      options([
        keyword('template', 'Settings of direct peers'),
        value('template', NAME, 'Name of a peer-template'),
      ]),
    ],
    noNeeds: 1,
    default: 'off',
    set(scope, { template }) {
      const direct: PeerConfig['direct'] = {};
      if (template !== undefined) direct.template = template;
      peerOf(scope).direct = direct;
    },
    unset(scope) {
      delete peerOf(scope).direct;
    },
    render(scope) {
      const { direct } = peerOf(scope);
      if (direct === undefined) return [];
      return [`direct${direct.template === undefined ? '' : ` template ${renderWord(direct.template)}`}`];
    },
  }),
];
