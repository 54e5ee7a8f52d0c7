/** `show configuration …`, `show archive`, `show accounting` and `show reload`. */
import type { MethodName, Methods } from '../../api/index.js';
import { choice, flag, keyword, options, type Token, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import * as text from '../output/configuration.js';
import { calling, type ExecCommand, SHOW } from './command.js';
import { ARCHIVE_NUMBER } from './commit.js';

const MAX_RECORDS = 1000;

interface Show<M extends MethodName> {
  tokens: readonly Token[];
  method: M;
  params?: Methods[M]['params'];
  privilege?: 'read' | 'admin';
  text(result: Methods[M]['result']): string[];
}

/** A command without arguments, which configuration modes know, too. */
function show<M extends MethodName>({
  tokens,
  method,
  params,
  privilege = 'read',
  text,
}: Show<M>): ExecCommand {
  return calling({
    privilege,
    everywhere: true,
    tokens: [SHOW, ...tokens],
    method,
    params: () => params ?? ({} as Methods[M]['params']),
    text,
  });
}

const CONFIGURATION = keyword('configuration', 'Candidate, differences, archive and lock');

export const configurationShows: ExecCommand[] = [
  show({
    tokens: [CONFIGURATION, options([keyword('candidate', 'The candidate (default)')])],
    method: 'config.candidate',
    text: text.configurationText,
  }),
  calling({
    privilege: 'read',
    everywhere: true,
    tokens: [
      SHOW,
      CONFIGURATION,
      keyword('compare', 'Changes in the candidate; without a candidate, unsaved changes'),
      options([
        choice(
          [flag('running', 'Against the running configuration')],
          [flag('startup', 'Against the startup configuration')],
          [keyword('rollback', 'Against an archived configuration'), ARCHIVE_NUMBER],
        ),
      ]),
    ],
    method: 'config.compare',
    params: ({ running, startup, number }) => {
      if (number !== undefined) return { with: number };
      return startup ? { with: 'startup' } : running ? { with: 'running' } : {};
    },
    text: text.comparisonText,
  }),
  show({
    tokens: [CONFIGURATION, keyword('commits', 'Archived configurations')],
    method: 'config.archive',
    text: text.archiveText,
  }),
  calling({
    privilege: 'read',
    everywhere: true,
    tokens: [SHOW, CONFIGURATION, keyword('rollback', 'An archived configuration'), ARCHIVE_NUMBER],
    method: 'config.archived',
    params: (which) => which,
    text: text.configurationText,
  }),
  show({
    tokens: [CONFIGURATION, keyword('sessions', 'Named candidates')],
    method: 'config.sessions',
    text: text.sessionsText,
  }),
  show({
    tokens: [CONFIGURATION, keyword('lock', 'Who holds the configuration lock')],
    method: 'config.state',
    text: text.lockText,
  }),
  show({
    tokens: [keyword('archive', 'Archived configurations')],
    method: 'config.archive',
    text: text.archiveText,
  }),
  calling({
    privilege: 'admin',
    everywhere: true,
    tokens: [
      SHOW,
      keyword('accounting', 'Who changed the configuration, when and how'),
      options([keyword('last', 'Only the latest'), value('last', range(1, MAX_RECORDS), 'Records')]),
    ],
    method: 'show.accounting',
    params: (which) => which,
    text: text.accountingText,
  }),
  show({
    tokens: [keyword('reload', 'The scheduled reload')],
    method: 'config.state',
    text: text.reloadText,
  }),
];
