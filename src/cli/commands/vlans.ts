/** `show vlan`: which ports carry which VLAN. */
import { keyword } from '../../grammar/command.js';
import { vlansText } from '../output/vlans.js';
import { calling, type ExecCommand, IN_INTERFACE, SHOW } from './command.js';

export const vlanCommands: ExecCommand[] = [
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('vlan', 'VLANs, the ports that carry them and the MAC addresses known'),
      IN_INTERFACE,
    ],
    method: 'show.vlans',
    params: (filter) => filter,
    text: vlansText,
  }),
];
