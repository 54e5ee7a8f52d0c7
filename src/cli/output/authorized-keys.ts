/** Clients that are admitted by a file, as text. */
import type { AuthorizedKeyStatus, AuthorizedKeysResult } from '../../api/index.js';
import { vlanWords } from '../../config/vlan-command.js';
import { plural } from './format.js';
import type { TableLayout } from './table.js';

export const AUTHORIZED_KEYS_TABLE: TableLayout<AuthorizedKeyStatus> = {
  columns: [
    { title: 'Client', cell: ({ name }) => name, shrinkTo: 12 },
    { title: 'State', cell: ({ state }) => state },
    { title: 'Template', cell: ({ template }) => template ?? '-', shrinkTo: 8 },
    { title: 'VLANs', cell: ({ vlan }) => (vlan === null ? '-' : vlanWords(vlan)), shrinkTo: 8 },
    { title: 'Expires', cell: ({ expiresMs }) => (expiresMs === null ? 'never' : momentOf(expiresMs)) },
    { title: 'Line', cell: ({ line }) => String(line), align: 'right' },
    { title: 'Description', cell: ({ description }) => description ?? '', shrinkTo: 12, folds: true },
  ],
  whenEmpty: 'No authorized keys.',
};

export function authorizedKeysText(results: readonly AuthorizedKeysResult[]): string[] {
  if (results.length === 0) return ['No interface has a file of authorized keys.'];
  return results.map(({ interface: name, file, clients, wrong, fault }) => {
    if (fault !== null) return `${name}: ${fault}`;
    const refused = wrong === 0 ? '' : `, ${plural(wrong, 'line')} wrong: see "show events"`;
    return `${name}: ${plural(clients, 'client')} in ${file}${refused}`;
  });
}

/** `2027-01-31 12:00Z` */
function momentOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}
