/** All rows, in the order of the page. */
import type { Row } from './row.js';
import { ANNOUNCERS } from './rows/announcers.js';
import { BIRD } from './rows/bird.js';
import { COROSYNC } from './rows/corosync.js';
import { DHCP } from './rows/dhcp.js';
import { DISCOVERY } from './rows/discovery.js';
import { FRR } from './rows/frr.js';
import { GUESTS } from './rows/guests.js';
import { HOW_TO } from './rows/how-to.js';
import { KEEPALIVED } from './rows/keepalived.js';
import { NETFILTER } from './rows/netfilter.js';
import { OPEN_VSWITCH } from './rows/open-vswitch.js';
import { POSTGRESQL } from './rows/postgresql.js';
import { SLAAC } from './rows/slaac.js';
import { SPANNING_TREE } from './rows/spanning-tree.js';
import { SURICATA } from './rows/suricata.js';
import { TRAFFIC } from './rows/traffic.js';
import { TRANSFERS } from './rows/transfers.js';
import { TUNNELS } from './rows/tunnels.js';

export const ROWS: Row[] = [
  ...DHCP,
  ...SLAAC,
  ...KEEPALIVED,
  ...FRR,
  ...BIRD,
  ...COROSYNC,
  ...SPANNING_TREE,
  ...OPEN_VSWITCH,
  ...ANNOUNCERS,
  ...DISCOVERY,
  ...TRAFFIC,
  ...TRANSFERS,
  ...NETFILTER,
  ...SURICATA,
  ...POSTGRESQL,
  ...TUNNELS,
  ...GUESTS,
  ...HOW_TO,
];
