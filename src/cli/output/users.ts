/** Clients of the control sockets as a table. */
import type { ClientStatus } from '../../api/index.js';
import { duration, orDash } from './format.js';
import { table } from './table.js';

export function usersText(clients: readonly ClientStatus[]): string[] {
  return table(
    [
      { title: 'No', cell: ({ session, own }) => `${orDash(session)}${own ? '*' : ''}`, align: 'right' },
      { title: 'User', cell: ({ user }) => user, shrinkTo: 10 },
      { title: 'Process', cell: ({ pid }) => orDash(pid), align: 'right' },
      { title: 'Role', cell: ({ privilege }) => privilege },
      { title: 'Connected', cell: ({ connectedSeconds }) => duration(connectedSeconds) },
      { title: 'Idle', cell: ({ idleSeconds }) => duration(idleSeconds) },
      { title: 'Program', cell: ({ client }) => orDash(client), shrinkTo: 12 },
    ],
    clients,
    'No clients.',
  );
}
