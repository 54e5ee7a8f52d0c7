/** `show members`: who may be introduced, and who was. */
import type { MemberStatus } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { MEMBERS_TABLE } from '../output/members.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { listing } from './listings.js';
import { larger } from './narrowing.js';

export const memberCommands: ExecCommand[] = [
  listing<MemberStatus, [typeof OF_INTERFACE]>({
    word: 'members',
    help: 'Members that may be introduced to each other, and those that were',
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only members whose name fits a pattern', of: ({ name }) => name },
      sorts: {
        member: { help: 'By name', order: (a, b) => byName(a.name, b.name) },
        age: { help: 'The oldest first', order: (a, b) => larger(a.ageSeconds, b.ageSeconds) },
      },
    },
    method: 'show.members',
    fetch: () => (client, page) => client.request('show.membersPage', page),
    layout: MEMBERS_TABLE,
  }),
];
