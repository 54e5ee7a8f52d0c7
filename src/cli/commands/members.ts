/** `show members`: who may be introduced, and who was. */
import type { MemberStatus } from '../../api/index.js';
import { keyword } from '../../grammar/command.js';
import { membersText } from '../output/members.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';
import { byName, larger } from './narrowing.js';

export const memberCommands: ExecCommand[] = [
  narrowedCall<'show.members', MemberStatus>({
    tokens: [keyword('members', 'Members that may be introduced to each other, and those that were')],
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only members whose name fits a pattern', of: ({ name }) => name },
      sorts: {
        member: { help: 'By name', order: (a, b) => byName(a.name, b.name) },
        age: { help: 'The oldest first', order: (a, b) => larger(a.ageSeconds, b.ageSeconds) },
      },
    },
    method: 'show.members',
    narrow: (members, rows) => rows(members),
    text: membersText,
  }),
];
