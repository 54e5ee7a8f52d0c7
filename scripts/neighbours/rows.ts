/** All rows, in the order of the page. */
import type { Row } from './row.js';
import { BIRD } from './rows/bird.js';
import { COROSYNC } from './rows/corosync.js';
import { DHCP } from './rows/dhcp.js';
import { FRR } from './rows/frr.js';
import { KEEPALIVED } from './rows/keepalived.js';
import { TUNNELS } from './rows/tunnels.js';

export const ROWS: Row[] = [...DHCP, ...KEEPALIVED, ...FRR, ...BIRD, ...COROSYNC, ...TUNNELS];
