/** Commands of `(config-link)`. */

import type { LocalEnd, RemoteEnd } from '../api/config.js';
import { parseEndpoint, splitZone } from '../grammar/address.js';
import { choice, keyword, options, value } from '../grammar/command.js';
import { DSCP, dscpText } from '../grammar/dscp.js';
import {
  DNS_ENDPOINT,
  DNS_NAME,
  ENDPOINT4,
  ENDPOINT6,
  IFNAME,
  IPV4,
  IPV6_ZONE,
  NAME,
  range,
} from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { dampingOf } from './damping-command.js';
import { DEFAULTS } from './defaults.js';
import {
  type ConfigCommand,
  description,
  fieldsOf,
  interfaceOf,
  linkOf,
  PORT,
  setting,
  shutdownOf,
} from './language.js';
import { qualityOf } from './quality-command.js';

const linkField = fieldsOf('link', linkOf);

const VIA = [
  keyword('via', 'Relayed by another peer, still encrypted end to end'),
  value('peer', NAME, 'Name of the relaying peer', { complete: 'peer' }),
] as const;

export const linkCommands: ConfigCommand[] = [
  linkField('description', description),
  linkField('local', {
    tokens: [
      keyword('local', 'Local end: where datagrams leave (default any)'),
      choice(
        [
          choice(
            [value('address', IPV4, 'IPv4 address of this host')],
            [value('address', IPV6_ZONE, 'IPv6 address of this host')],
            [keyword('any', 'As the routing table says')],
            [value('interface', IFNAME, 'Network interface of this host')],
          ),
          options([
            keyword('port', 'UDP port of this host'),
            value('port', PORT, 'UDP port', { default: 'that of the interface' }),
          ]),
        ],
        [value('endpoint', ENDPOINT4, 'IPv4 address and UDP port of this host')],
        [value('endpoint', ENDPOINT6, 'IPv6 address and UDP port of this host')],
      ),
    ],
    read({ address, endpoint, interface: name, port }): LocalEnd {
      if (endpoint !== undefined) return { kind: 'address', ...addressAndPort(endpoint) };
      const from = port === undefined ? {} : { port };
      if (address !== undefined) return { kind: 'address', ...splitZone(address), ...from };
      return name === undefined ? { kind: 'any', ...from } : { kind: 'interface', name, ...from };
    },
    write: writeLocal,
    preset: (scope) => `local any port ${interfaceOf(scope).listenPort ?? DEFAULTS.listenPort}`,
  }),
  linkField('remote', {
    tokens: [
      keyword('remote', 'Remote end: where datagrams go'),
      choice(
        [
          choice(
            [value('address', IPV4, 'IPv4 address of the peer')],
            [value('address', IPV6_ZONE, 'IPv6 address of the peer')],
            [value('host', DNS_NAME, 'Host name of the peer, resolved again and again')],
          ),
          options([
            keyword('port', 'UDP port of the peer'),
            value('port', PORT, 'UDP port', { default: DEFAULTS.listenPort }),
          ]),
        ],
        [value('endpoint', ENDPOINT4, 'IPv4 address and UDP port of the peer')],
        [value('endpoint', ENDPOINT6, 'IPv6 address and UDP port of the peer')],
        [value('hostAndPort', DNS_ENDPOINT, 'Host name and UDP port of the peer', { called: 'host' })],
        [keyword('dynamic', 'Learned from the datagrams of the peer')],
        VIA,
      ),
    ],
    read({ address, endpoint, host, hostAndPort, port = DEFAULTS.listenPort, peer }): RemoteEnd {
      if (endpoint !== undefined) return { kind: 'address', ...addressAndPort(endpoint) };
      if (address !== undefined) return { kind: 'address', ...splitZone(address), port };
      if (host !== undefined) return { kind: 'name', name: host, port };
      if (hostAndPort !== undefined) {
        const { host: name, port: number } = endpointIn(hostAndPort);
        return { kind: 'name', name, port: number };
      }
      return peer === undefined ? { kind: 'dynamic' } : { kind: 'via', peer };
    },
    write: writeRemote,
  }),
  setting('link', {
    tokens: VIA,
    noNeeds: 1,
    aliasOf: 'remote',
    set(scope, { peer }) {
      linkOf(scope).remote = { kind: 'via', peer };
    },
    unset(scope) {
      if (linkOf(scope).remote?.kind === 'via') delete linkOf(scope).remote;
    },
    render: () => [],
  }),
  linkField('priority', {
    tokens: [
      keyword('priority', 'Preference among the links of the peer; higher is better'),
      value('priority', range(0, 255), 'Priority', { default: DEFAULTS.priority }),
    ],
    read: ({ priority }) => priority,
    write: (priority) => `priority ${priority}`,
  }),
  linkField('timers', {
    tokens: [
      keyword('timers', 'How fast a failure is noticed'),
      keyword('interval', 'Time between heartbeats'),
      value('interval', range(10, 60000, 'ms'), 'Time', { default: DEFAULTS.interval }),
      keyword('hold', 'Silence after which the link is down, at least twice the interval'),
      value('hold', range(30, 600000, 'ms'), 'Time', { default: DEFAULTS.hold }),
      options([
        keyword('up-after', 'Heartbeats in a row before a link is used again while another one is up'),
        value('upAfter', range(1, 200), 'Heartbeats', { default: DEFAULTS.upAfter, called: 'up-after' }),
      ]),
    ],
    noNeeds: 1,
    read: (timers) => timers,
    write: ({ interval, hold, upAfter }) =>
      `timers interval ${interval} hold ${hold}${upAfter === undefined ? '' : ` up-after ${upAfter}`}`,
  }),
  dampingOf('link', linkOf),
  qualityOf('link', linkOf),
  linkField('dscp', {
    tokens: [
      keyword('dscp', 'Differentiated services code point of the datagrams'),
      value('dscp', DSCP, 'Number, or a name such as ef, af21 or cs6', { default: 'cs0' }),
    ],
    read: ({ dscp }) => dscp,
    write: (dscp) => `dscp ${dscpText(dscp)}`,
  }),
  linkField('fwmark', {
    tokens: [
      keyword('fwmark', "Mark of its datagrams for this host's routing rules and filters"),
      value('fwmark', range(1, 4294967295), 'Mark', { default: 'none' }),
    ],
    read: ({ fwmark }) => fwmark,
    write: (fwmark) => `fwmark ${fwmark}`,
  }),
  linkField('mtu', {
    tokens: [
      keyword('mtu', 'Largest outer IP packet'),
      choice(
        [value('mtu', range(576, 65535, 'bytes'), 'Size of a packet, whatever the path carries')],
        [keyword('auto', 'As large as the path carries, found by probes (default)')],
      ),
    ],
    noNeeds: 1,
    read: ({ mtu }) => mtu ?? 'auto',
    write: (mtu) => `mtu ${mtu}`,
    preset: () => 'mtu auto',
  }),
  linkField('fec', {
    tokens: [
      keyword(
        'fec',
        'Forward error correction on a lossy link: a parity datagram for each group of datagrams',
      ),
      choice(
        [value('group', range(2, 20), 'Datagrams in a group')],
        [keyword('auto', 'Group size follows the measured loss; no parity without loss')],
      ),
    ],
    noNeeds: 1,
    read: ({ group }) => group ?? 'auto',
    write: (group) => `fec ${group}`,
  }),
  setting('link', {
    tokens: [keyword('drain', 'Carry no frames while another link can; heartbeats go on')],
    noNeeds: 1,
    set(scope) {
      linkOf(scope).drain = true;
    },
    unset(scope) {
      delete linkOf(scope).drain;
    },
    render: (scope) => (linkOf(scope).drain ? ['drain'] : []),
  }),
  shutdownOf('link', linkOf),
];

/** The parts of a word that the grammar has taken for a host and a port. */
function endpointIn(word: string): { host: string; port: number } {
  return parseEndpoint(word) as NonNullable<ReturnType<typeof parseEndpoint>>;
}

function addressAndPort(endpoint: string): { address: string; zone?: string; port: number } {
  const { host, port } = endpointIn(endpoint);
  return { ...splitZone(host), port };
}

/** `fe80::1%eth0`, or the address alone. */
function withZone({ address, zone }: { address: string; zone?: string }): string {
  return zone === undefined ? address : `${address}%${zone}`;
}

function writeLocal(local: LocalEnd): string {
  const place =
    local.kind === 'address'
      ? withZone(local)
      : local.kind === 'any'
        ? 'any'
        : renderWord(local.name, ['any']);
  return `local ${place}${local.port === undefined ? '' : ` port ${local.port}`}`;
}

function writeRemote(remote: RemoteEnd): string {
  if (remote.kind === 'via') return `remote via ${renderWord(remote.peer)}`;
  if (remote.kind === 'dynamic') return 'remote dynamic';
  const place = remote.kind === 'name' ? renderWord(remote.name, ['dynamic', 'via']) : withZone(remote);
  return `remote ${place} port ${remote.port}`;
}
