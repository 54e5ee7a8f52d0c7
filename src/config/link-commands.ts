/** Commands of `(config-link)`. */
import { type Args, choice, keyword, options, value } from '../grammar/command.js';
import { IFNAME, IPV4, IPV6, NAME, range } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { DEFAULTS } from './defaults.js';
import { type ConfigCommand, description, fieldsOf, linkOf, PORT, setting, shutdownOf } from './language.js';
import type { LocalEnd, RemoteEnd } from './model.js';

const linkField = fieldsOf('link', linkOf);

const VIA = keyword('via', 'Relayed by another peer, still encrypted end to end');

export const linkCommands: ConfigCommand[] = [
  linkField('description', description),
  linkField('local', {
    tokens: [
      keyword('local', 'Where datagrams leave (default any)'),
      choice(
        [value('address', IPV4, 'IPv4 address of this host')],
        [value('address', IPV6, 'IPv6 address of this host')],
        [keyword('any', 'As the routing table says')],
        [value('interface', IFNAME, 'Network interface of this host')],
      ),
      options([
        keyword('port', 'UDP port (default: that of the interface)'),
        value('port', PORT, 'UDP port'),
      ]),
    ],
    read: readLocal,
    write: writeLocal,
  }),
  linkField('remote', {
    tokens: [
      keyword('remote', 'Where datagrams go'),
      choice(
        [
          choice(
            [value('address', IPV4, 'IPv4 address of the peer')],
            [value('address', IPV6, 'IPv6 address of the peer')],
          ),
          options([
            keyword('port', `UDP port of the peer (default ${DEFAULTS.listenPort})`),
            value('port', PORT, 'UDP port'),
          ]),
        ],
        [keyword('dynamic', 'Learned when the peer calls')],
        [VIA, value('peer', NAME, 'Name of the relaying peer', 'peer')],
      ),
    ],
    read: readRemote,
    write: writeRemote,
  }),
  setting('link', {
    tokens: [VIA, value('peer', NAME, 'Name of the relaying peer', 'peer')],
    noNeeds: 1,
    aliasOf: 'remote',
    set(scope, args) {
      linkOf(scope).remote = { kind: 'via', peer: args.text('peer') };
    },
    unset(scope) {
      if (linkOf(scope).remote?.kind === 'via') delete linkOf(scope).remote;
    },
    render: () => [],
  }),
  linkField('priority', {
    tokens: [
      keyword('priority', 'Preference among the links of the peer, higher wins'),
      value('priority', range(0, 255), `Priority (default ${DEFAULTS.priority})`),
    ],
    read: (args) => args.number('priority'),
    write: (priority) => `priority ${priority}`,
  }),
  linkField('timers', {
    tokens: [
      keyword('timers', 'How fast a failure is noticed'),
      keyword('interval', 'Time between heartbeats'),
      value('interval', range(10, 60000), `Milliseconds (default ${DEFAULTS.interval})`),
      keyword('hold', 'Silence after which the link is down, at least twice the interval'),
      value('hold', range(30, 600000), `Milliseconds (default ${DEFAULTS.hold})`),
    ],
    noNeeds: 1,
    read: (args) => ({ interval: args.number('interval'), hold: args.number('hold') }),
    write: ({ interval, hold }) => `timers interval ${interval} hold ${hold}`,
  }),
  linkField('mtu', {
    tokens: [
      keyword('mtu', 'Largest outer IP packet (default: what the path carries)'),
      value('mtu', range(576, 65535), 'Bytes'),
    ],
    read: (args) => args.number('mtu'),
    write: (mtu) => `mtu ${mtu}`,
  }),
  shutdownOf('link', linkOf),
];

function readLocal(args: Args): LocalEnd {
  const port = args.has('port') ? { port: args.number('port') } : {};
  if (args.has('address')) return { kind: 'address', address: args.text('address'), ...port };
  if (args.has('interface')) return { kind: 'interface', name: args.text('interface'), ...port };
  return { kind: 'any', ...port };
}

function writeLocal(local: LocalEnd): string {
  const place =
    local.kind === 'address' ? local.address : local.kind === 'any' ? 'any' : renderWord(local.name, ['any']);
  return `local ${place}${local.port === undefined ? '' : ` port ${local.port}`}`;
}

function readRemote(args: Args): RemoteEnd {
  if (args.has('peer')) return { kind: 'via', peer: args.text('peer') };
  if (!args.has('address')) return { kind: 'dynamic' };
  return {
    kind: 'address',
    address: args.text('address'),
    port: args.numberOr('port', DEFAULTS.listenPort),
  };
}

function writeRemote(remote: RemoteEnd): string {
  if (remote.kind === 'via') return `remote via ${renderWord(remote.peer)}`;
  return remote.kind === 'dynamic' ? 'remote dynamic' : `remote ${remote.address} port ${remote.port}`;
}
