/** What will expire, as text. */
import type { ExpiryStatus } from '../../api/index.js';
import { momentOf } from './format.js';
import type { Column } from './table.js';

export const EXPIRY_COLUMNS: Column<ExpiryStatus>[] = [
  { title: 'What', cell: ({ kind }) => kind },
  { title: 'Interface', cell: (one) => one.interface },
  { title: 'Name', cell: ({ name }) => name, shrinkTo: 10 },
  { title: 'State', cell: ({ state }) => state },
  { title: 'Expires', cell: ({ expiresMs }) => momentOf(expiresMs) },
];
