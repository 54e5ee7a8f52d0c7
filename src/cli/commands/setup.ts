/** `setup`: a first host that others can be invited to, from an empty configuration. */
import { keyword, options, value } from '../../grammar/command.js';
import { CIDR4, CIDR6, IFNAME, range } from '../../grammar/values.js';
import { EXIT, failure } from '../base/failure.js';
import { othersText } from '../output/written.js';
import { command, type ExecCommand } from './command.js';
import { APPLY_PATIENCE_MS } from './configuration-files.js';

const FIRST = { interface: 'octo0', address: '10.77.0.1/24', port: 7700 };

export const setupCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    tokens: [
      keyword('setup', 'Make a first interface, to which other hosts can be invited'),
      options(
        [
          keyword('interface', 'Name of the interface'),
          value('interface', IFNAME, 'Name of the interface', { default: FIRST.interface }),
        ],
        [value('address', CIDR4, 'IPv4 address of this host inside the network', { default: FIRST.address })],
        [value('address6', CIDR6, 'IPv6 address of this host inside the network', { called: 'address' })],
        [
          keyword('port', 'Where this host is reached by UDP'),
          value('port', range(1, 65_535), 'UDP port', { default: FIRST.port }),
        ],
        [
          keyword('links', 'How many links each member may have'),
          value('links', range(1, 8), 'Links', {
            default: 'as many as this host has addresses, and two at least',
          }),
        ],
      ),
    ],
    details:
      'The configuration is shown, applied after a question (option -y answers it), and saved. Then "invite" makes tokens for other hosts.',
    json: { resultOf: 'setup.propose' },
    async run(cli, { interface: name, address, address6, port, links }) {
      await cli.settle();
      if (cli.editing.hasCandidate) throw failure(EXIT.BUSY, 'leave the candidate first: commit or abort');
      const client = await cli.client();
      const plain = address === undefined && address6 === undefined ? [FIRST.address] : [];
      const proposal = await client.request('setup.propose', {
        interface: name ?? FIRST.interface,
        addresses: [...plain, ...[address, address6].filter((one) => one !== undefined)],
        listenPort: port ?? FIRST.port,
        ...(links !== undefined && { links }),
      });
      const order = { context: [], lines: proposal.lines, mode: 'merge' as const };
      const checked = await client.request('config.apply', { ...order, checkOnly: true });
      cli.remark(checked.diff ?? []);
      if (!(await cli.confirm('Apply this configuration?'))) throw failure(EXIT.FAILED, 'not applied');
      const applied = await client.request('config.apply', { ...order, checkOnly: false }, APPLY_PATIENCE_MS);
      cli.editing.take(applied.state);
      const written = await client.request('config.write', {});
      return {
        data: proposal,
        text: [
          `${proposal.interface} is up as ${proposal.addresses.join(', ')}; saved in ${written.file}.`,
          ...othersText(written),
          `Open UDP port ${proposal.listenPort} in firewalls and in the rules of the cloud; then "invite NAME" lets a host join.`,
        ],
      };
    },
  }),
];
