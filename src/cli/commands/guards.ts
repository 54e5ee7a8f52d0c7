/** `show guards`: what may not come from which peer, and what was dropped for it. */
import type { GuardStatus } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { GUARDS } from '../output/guards.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { listing } from './listings.js';
import { larger } from './narrowing.js';

const dropsOf = ({ drops }: GuardStatus): number =>
  Object.values(drops).reduce((sum, count) => sum + count, 0);

const nameOf = ({ peer }: GuardStatus): string => peer ?? 'TAP';

export const guardCommands: ExecCommand[] = [
  listing<GuardStatus, [typeof OF_INTERFACE]>({
    word: 'guards',
    help: 'Guards of peers, their drops and the addresses they let pass',
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only peers whose name fits a pattern', of: nameOf },
      sorts: {
        peer: { help: 'By peer', order: (a, b) => byName(nameOf(a), nameOf(b)) },
        drops: { help: 'Most drops first', order: (a, b) => larger(dropsOf(a), dropsOf(b)) },
      },
    },
    method: 'show.guards',
    fetch: () => (client, page) => client.request('show.guardsPage', page),
    layout: GUARDS,
  }),
];
