/** `invite`, `revoke` and `show invitations`: how other hosts get into a network. */
import type { InvitationStatus } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { CARRIED_VLANS, vlanOf } from '../../config/vlan-command.js';
import { choice, flag, keyword, options, value } from '../../grammar/command.js';
import { CIDR4, CIDR6, durationOf, NAME, range, WORD } from '../../grammar/values.js';
import { INVITATION_COLUMNS, inviteText, revokeText } from '../output/invitations.js';
import { table } from '../output/table.js';
import { calling, command, type ExecCommand, IN_INTERFACE, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';

const DAY_S = 86_400;

export const inviteCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    tokens: [
      keyword('invite', 'Make a token by which another host joins'),
      value('name', NAME, 'What the host will be called'),
      options(
        [
          keyword('template', 'Settings of the other host'),
          value('template', NAME, 'Name of a peer-template', { default: 'that of authorized-keys' }),
        ],
        [keyword('vlan', 'VLANs of the other host (default: those of the template)'), CARRIED_VLANS],
        [
          keyword('valid', 'Time in which the other host must join'),
          value('validS', durationOf(60, 365 * DAY_S), 'Time', { default: '1d', called: 'time' }),
        ],
        [
          keyword('uses', 'For how many hosts; they are called NAME-1, NAME-2 …'),
          value('uses', range(1, 1000), 'Hosts', { default: 1 }),
        ],
        [
          keyword('address', 'Address of the other host inside the network'),
          choice(
            [
              flag(
                'auto',
                "The next free one of the interface's first IPv4 prefix; the default, if its VLAN is that of the host",
              ),
            ],
            [flag('none', 'The host has an address of its own, or uses DHCP')],
            [value('address', CIDR4, 'IPv4 address and prefix')],
            [value('address', CIDR6, 'IPv6 address and prefix')],
          ),
        ],
        [
          keyword('endpoint', 'Where this host is reached from outside, if not by its own addresses'),
          value('endpoints', WORD, 'Addresses, each alone or with a port, with commas between them', {
            called: 'endpoint',
          }),
        ],
        [flag('qr', 'Print a QR code as well')],
        OF_INTERFACE,
      ),
    ],
    details:
      'The token is a secret until it is used: whoever has it may join. The other host gives it to "octolink join". It is printed once and kept nowhere; at a terminal it is printed as a QR code, too.',
    json: { resultOf: 'invitation.make' },
    async run(cli, args) {
      const {
        validS = DAY_S,
        uses = 1,
        auto,
        none,
        endpoints,
        qr,
        access,
        trunk,
        native,
        allowed,
        ...rest
      } = args;
      const { address = auto ? 'auto' : none ? 'none' : undefined, ...params } = rest;
      const client = await cli.client();
      const result = await client.request('invitation.make', {
        ...params,
        validS,
        uses,
        ...(address !== undefined && { address }),
        ...((access ?? trunk) !== undefined && { vlan: vlanOf({ access, native, allowed }) }),
        ...(endpoints !== undefined && { endpoints: endpoints.split(',') }),
      });
      const columns = (await cli.terminal())?.columns ?? (qr ? Number.POSITIVE_INFINITY : 0);
      return { data: result, text: await inviteText(result, columns) };
    },
  }),
  calling({
    privilege: 'admin',
    tokens: [
      keyword('revoke', 'Make an invitation worthless, and remove the members who joined with it'),
      value('name', NAME, 'Name of an invitation, or of a member who joined with one'),
      IN_INTERFACE,
    ],
    method: 'invitation.revoke',
    params: (which) => which,
    text: revokeText,
  }),
  narrowedCall<'show.invitations', InvitationStatus>({
    tokens: [keyword('invitations', 'Who was invited, who joined, and which invitations are still open')],
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only invitations whose name fits a pattern', of: ({ name }) => name },
      sorts: {
        name: { help: 'By name', order: (a, b) => byName(a.name, b.name) },
        expires: { help: 'The next to expire first', order: (a, b) => a.expiresMs - b.expiresMs },
      },
    },
    method: 'show.invitations',
    narrow: (all, rows) => rows(all),
    text: (all) => table(INVITATION_COLUMNS, all, 'No invitations.'),
  }),
];
