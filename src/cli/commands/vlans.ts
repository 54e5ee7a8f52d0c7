/** `show vlan`: which ports carry which VLAN. */
import type { VlanStatus } from '../../api/index.js';
import { keyword } from '../../grammar/command.js';
import { vlansText } from '../output/vlans.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';
import { larger } from './narrowing.js';

export const vlanCommands: ExecCommand[] = [
  narrowedCall<'show.vlans', VlanStatus>({
    tokens: [keyword('vlan', 'VLANs, the ports that carry them and the MAC addresses known')],
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only VLANs whose number fits a pattern', of: ({ vlan }) => String(vlan) },
      sorts: {
        vlan: { help: 'By number', order: (a, b) => a.vlan - b.vlan },
        macs: { help: 'Most MAC addresses first', order: (a, b) => larger(a.macs, b.macs) },
      },
    },
    method: 'show.vlans',
    narrow: (vlans, rows) => rows(vlans),
    text: vlansText,
  }),
];
