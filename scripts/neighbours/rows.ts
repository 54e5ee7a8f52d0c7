/** All rows, in the order of the page. */
import type { Row } from './row.js';
import { DHCP } from './rows/dhcp.js';
import { KEEPALIVED } from './rows/keepalived.js';

export const ROWS: Row[] = [...DHCP, ...KEEPALIVED];
