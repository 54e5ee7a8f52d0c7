/** Members as text. */
import type { MemberStatus } from '../../api/index.js';
import { duration, orDash } from './format.js';
import type { TableLayout } from './table.js';

export const MEMBERS_TABLE: TableLayout<MemberStatus> = {
  columns: [
    { title: 'Member', cell: ({ name }) => name, shrinkTo: 12 },
    { title: 'Interface', cell: (member) => member.interface },
    { title: 'Role', cell: ({ role }) => role },
    { title: 'Server', cell: ({ server }) => orDash(server), shrinkTo: 8 },
    {
      title: 'Reached',
      cell: ({ way }) => (way === null ? '-' : way === 'direct' ? 'directly' : 'by server'),
    },
    { title: 'Age', cell: ({ ageSeconds }) => duration(ageSeconds), align: 'right' },
    {
      title: 'Endpoints',
      cell: ({ endpoints }) => endpoints.map(({ endpoint }) => endpoint).join(' ') || '-',
      shrinkTo: 12,
      folds: true,
    },
    {
      title: 'Introduced to',
      cell: ({ introducedTo }) => introducedTo.join(' ') || '-',
      shrinkTo: 8,
      folds: true,
    },
  ],
  whenEmpty: 'No members: nobody is introduced here.',
};
