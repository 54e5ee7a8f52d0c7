/** `show configuration …`, `show archive`, `show accounting` and `show reload`. */
import type {
  AccountingRecord,
  ArchiveEntry,
  MethodName,
  Methods,
  NamedCandidate,
  Who,
} from '../../api/index.js';
import { byName } from '../../base/order.js';
import { choice, flag, keyword, options, type Token, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import * as text from '../output/configuration.js';
import { calling, type ExecCommand, SHOW } from './command.js';
import { ARCHIVE_NUMBER } from './commit.js';
import { narrowedCall } from './listings.js';
import { larger } from './narrowing.js';

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

const OF_USERS = {
  help: 'Only users whose name fits a pattern',
  of: ({ by }: { by: Who }) => by.user,
};
const NEWEST = {
  newest: {
    help: 'The latest first',
    order: (a: { timeMs: number }, b: { timeMs: number }) => larger(a.timeMs, b.timeMs),
  },
  user: {
    help: 'By user',
    order: (a: { by: Who }, b: { by: Who }) => byName(a.by.user, b.by.user),
  },
};

const archive = (tokens: readonly Token[]): ExecCommand =>
  narrowedCall<'config.archive', ArchiveEntry>({
    tokens,
    everywhere: true,
    groups: [],
    ways: { name: OF_USERS, sorts: NEWEST },
    method: 'config.archive',
    narrow: (entries, rows) => rows(entries),
    text: text.archiveText,
  });

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
  archive([CONFIGURATION, keyword('commits', 'Archived configurations')]),
  calling({
    privilege: 'read',
    everywhere: true,
    tokens: [SHOW, CONFIGURATION, keyword('rollback', 'An archived configuration'), ARCHIVE_NUMBER],
    method: 'config.archived',
    params: (which) => which,
    text: text.configurationText,
  }),
  narrowedCall<'config.sessions', NamedCandidate>({
    tokens: [CONFIGURATION, keyword('sessions', 'Named candidates')],
    everywhere: true,
    groups: [],
    ways: {
      name: { help: 'Only candidates whose name fits a pattern', of: ({ name }) => name },
      sorts: {
        name: { help: 'By name', order: (a, b) => byName(a.name, b.name) },
        user: { help: 'By user', order: (a, b) => byName(a.by.user, b.by.user) },
      },
    },
    method: 'config.sessions',
    narrow: (candidates, rows) => rows(candidates),
    text: text.sessionsText,
  }),
  show({
    tokens: [CONFIGURATION, keyword('lock', 'Who holds the configuration lock')],
    method: 'config.state',
    text: text.lockText,
  }),
  archive([keyword('archive', 'Archived configurations')]),
  narrowedCall<'show.accounting', AccountingRecord>({
    tokens: [keyword('accounting', 'Who changed the configuration, when and how')],
    privilege: 'admin',
    everywhere: true,
    groups: [[keyword('last', 'Only the latest'), value('last', range(1, MAX_RECORDS), 'Records')]],
    ways: {
      states: {
        words: {
          done: 'What changed something',
          unchanged: 'What changed nothing',
          refused: 'What was refused',
        },
        of: ({ outcome }) => (outcome === 'no change' ? 'unchanged' : outcome),
      },
      name: OF_USERS,
      sorts: NEWEST,
    },
    method: 'show.accounting',
    narrow: (records, rows) => rows(records),
    text: text.accountingText,
  }),
  show({
    tokens: [keyword('reload', 'The scheduled reload')],
    method: 'config.state',
    text: text.reloadText,
  }),
];
