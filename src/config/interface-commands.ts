/** Commands of `(config-if)`. */

import type { AeadChoice, OffloadName, PeerConfig } from '../api/config.js';
import { choice, keyword, oneOf, value } from '../grammar/command.js';
import { CIDR4, CIDR6, FILENAME, IFNAME, MAC, NAME, range } from '../grammar/values.js';
import { renderWord } from '../grammar/words.js';
import { authorityCommands } from './authority-commands.js';
import { dampingOf } from './damping-command.js';
import { DEFAULTS, MAX_ADDRESSES, MAX_WORKERS } from './defaults.js';
import { interfaceIntroduce } from './direct-commands.js';
import { duplicateCommands } from './duplicate-commands.js';
import {
  block,
  type ConfigCommand,
  description,
  fieldsOf,
  interfaceOf,
  PORT,
  policyOf,
  setting,
} from './language.js';
import { findOrAdd, removeNamed } from './lookup.js';
import { multicastCommands } from './multicast-commands.js';
import { peerBlock } from './peer-commands.js';
import { qualityOf } from './quality-command.js';
import { registryCommands } from './registry-commands.js';
import { switchCommands } from './switch-commands.js';
import { templateCommands } from './template-commands.js';
import { uplinkPreemption } from './uplink-commands.js';

const interfaceField = fieldsOf('interface', interfaceOf);

const AEADS: Record<AeadChoice, string> = {
  auto: 'AES where both ends have it in hardware (default)',
  'aes-256-gcm': 'AES-256-GCM only',
  'chacha20-poly1305': 'ChaCha20-Poly1305 only',
};

const OFFLOADS: Record<OffloadName, string> = {
  'tap-checksum': 'Checksums left to the other side of the TAP',
  'tap-tso': 'TCP segments of up to 64 KB through the TAP',
  'tap-uso': 'UDP segments of up to 64 KB through the TAP',
  'tap-tunnel': 'TCP and UDP segments of up to 64 KB inside VXLAN or Geneve through the TAP',
  'udp-gso': 'Many datagrams in one send',
  'udp-gro': 'Many datagrams in one receive',
};

export const interfaceCommands: ConfigCommand[] = [
  interfaceField('description', description),
  interfaceField('privateKeyFile', {
    tokens: [
      keyword('private-key-file', 'File with the private key; created at the first start if missing'),
      value('file', FILENAME, 'Absolute path, readable only by its owner'),
    ],
    read: ({ file }) => file,
    write: (file) => `private-key-file ${renderWord(file)}`,
  }),
  setting('interface', {
    tokens: [
      keyword('address', 'IP address of the TAP device; may be given several times'),
      choice(
        [value('address', CIDR4, 'IPv4 address and prefix length')],
        [value('address', CIDR6, 'IPv6 address and prefix length')],
      ),
    ],
    noNeeds: 1,
    set(scope, { address }) {
      const { addresses } = interfaceOf(scope);
      // One more than there may be is for the validation to refuse; the rest would only cost time.
      if (addresses.length <= MAX_ADDRESSES && !addresses.includes(address)) addresses.push(address);
    },
    unset(scope, { address: gone }) {
      const found = interfaceOf(scope);
      found.addresses = gone === undefined ? [] : found.addresses.filter((address) => address !== gone);
    },
    render: (scope) => interfaceOf(scope).addresses.map((address) => `address ${address}`),
  }),
  interfaceField('mtu', {
    tokens: [
      keyword('mtu', 'Largest packet of the TAP device'),
      value('mtu', range(576, 65521, 'bytes'), 'Size of a packet', { default: DEFAULTS.mtu }),
    ],
    read: ({ mtu }) => mtu,
    write: (mtu) => `mtu ${mtu}`,
  }),
  interfaceField('mac', {
    tokens: [
      keyword('mac', 'MAC address of the TAP device (default: derived from the public key)'),
      value('mac', MAC, 'Unicast MAC address'),
    ],
    read: ({ mac }) => mac,
    write: (mac) => `mac ${mac}`,
  }),
  interfaceField('bridge', {
    tokens: [keyword('bridge', 'Join a kernel bridge'), value('bridge', IFNAME, 'Name of the bridge')],
    read: ({ bridge }) => bridge,
    write: (bridge) => `bridge ${renderWord(bridge)}`,
  }),
  interfaceField('listenPort', {
    tokens: [
      keyword('listen', 'Where datagrams from peers are received'),
      keyword('port', 'UDP port of links without a port of their own'),
      value('port', PORT, 'UDP port', { default: DEFAULTS.listenPort }),
    ],
    noNeeds: 1,
    read: ({ port }) => port,
    write: (port) => `listen port ${port}`,
  }),
  policyOf(
    'interface',
    interfaceOf,
    `How peers use their links, unless a peer has its own policy (default ${DEFAULTS.policy})`,
  ),
  dampingOf('interface', interfaceOf),
  qualityOf('interface', interfaceOf),
  ...duplicateCommands('interface', interfaceOf),
  uplinkPreemption,
  interfaceIntroduce,
  interfaceField('aead', {
    tokens: [keyword('aead', 'Data cipher'), oneOf('aead', AEADS)],
    read: ({ aead }) => aead,
    write: (aead) => `aead ${aead}`,
    preset: () => `aead ${DEFAULTS.aead}`,
  }),
  ...switchCommands,
  ...multicastCommands,
  setting('interface', {
    tokens: [keyword('mss-clamp', 'Fit the MSS of TCP connections to the path (default on)')],
    noNeeds: 1,
    set(scope) {
      interfaceOf(scope).mssClamp = true;
    },
    unset(scope) {
      interfaceOf(scope).mssClamp = false;
    },
    reset(scope) {
      delete interfaceOf(scope).mssClamp;
    },
    preset: () => 'mss-clamp',
    render(scope) {
      const { mssClamp } = interfaceOf(scope);
      return mssClamp === undefined ? [] : [mssClamp ? 'mss-clamp' : 'no mss-clamp'];
    },
  }),
  interfaceField('resendBuffer', {
    tokens: [
      keyword('resend', 'What is sent again when a link goes down'),
      keyword('buffer', 'Memory for each peer with much traffic'),
      value('buffer', range(1, 32, 'MiB'), 'Size', { default: DEFAULTS.resendBuffer }),
    ],
    read: ({ buffer }) => buffer,
    write: (mebibytes) => `resend buffer ${mebibytes}`,
  }),
  interfaceField('resendAge', {
    tokens: [
      keyword('resend', 'What is sent again when a link goes down'),
      keyword('age', 'Datagrams older than this are not sent again'),
      value('age', range(100, 10000, 'ms'), 'Time', { default: DEFAULTS.resendAge }),
    ],
    read: ({ age }) => age,
    write: (milliseconds) => `resend age ${milliseconds}`,
  }),
  interfaceField('mtuRaise', {
    tokens: [
      keyword('path-mtu', 'Path MTU discovery'),
      keyword('raise', 'How soon a larger MTU is tried again'),
      value('raise', range(1, 86400, 's'), 'Time', { default: DEFAULTS.mtuRaise }),
    ],
    read: ({ raise }) => raise,
    write: (seconds) => `path-mtu raise ${seconds}`,
  }),
  setting('interface', {
    tokens: [keyword('relay', 'Relay datagrams of peers whose links go via this host (default off)')],
    noNeeds: 1,
    set(scope) {
      interfaceOf(scope).relay = true;
    },
    unset(scope) {
      interfaceOf(scope).relay = false;
    },
    reset(scope) {
      delete interfaceOf(scope).relay;
    },
    render(scope) {
      const { relay } = interfaceOf(scope);
      return relay === undefined ? [] : [relay ? 'relay' : 'no relay'];
    },
  }),
  setting('interface', {
    tokens: [keyword('persist', 'Keep the TAP device when the daemon ends')],
    noNeeds: 1,
    set(scope) {
      interfaceOf(scope).persist = true;
    },
    unset(scope) {
      delete interfaceOf(scope).persist;
    },
    render: (scope) => (interfaceOf(scope).persist ? ['persist'] : []),
  }),
  interfaceField('scheduling', {
    tokens: [
      keyword('scheduling', 'Scheduling class of the datapath'),
      oneOf('scheduling', {
        realtime: 'Ahead of all ordinary processes, if the system permits',
        normal: 'First among ordinary processes, if the system permits (default)',
      }),
    ],
    read: ({ scheduling }) => scheduling,
    write: (scheduling) => `scheduling ${scheduling}`,
    preset: () => `scheduling ${DEFAULTS.scheduling}`,
  }),
  interfaceField('workers', {
    tokens: [
      keyword('workers', 'Threads that share the large batches of the datapath'),
      choice(
        [value('workers', range(1, MAX_WORKERS), 'Threads, whatever the processors')],
        [keyword('auto', 'One up to two processors; then all but one, at most four (default)')],
      ),
    ],
    noNeeds: 1,
    read: ({ workers }) => workers ?? 'auto',
    write: (workers) => `workers ${workers}`,
    preset: () => `workers ${DEFAULTS.workers}`,
  }),
  setting('interface', {
    tokens: [
      keyword('offload', 'Use an offload if it works; "no" forces it off'),
      oneOf('offload', OFFLOADS),
    ],
    noNeeds: 2,
    set(scope, { offload }) {
      const found = interfaceOf(scope);
      found.disabledOffloads = found.disabledOffloads.filter((name) => name !== offload);
    },
    unset(scope, { offload }) {
      const { disabledOffloads } = interfaceOf(scope);
      if (offload !== undefined && !disabledOffloads.includes(offload)) disabledOffloads.push(offload);
    },
    reset(scope, { offload }) {
      const found = interfaceOf(scope);
      found.disabledOffloads = found.disabledOffloads.filter((name) => name !== offload);
    },
    render: (scope) => interfaceOf(scope).disabledOffloads.map((name) => `no offload ${name}`),
  }),
  ...templateCommands,
  ...registryCommands,
  ...authorityCommands,
  block('interface', {
    opens: 'peer',
    tokens: [
      keyword('peer', 'A host at the other end of up to eight links'),
      value('peer', NAME, 'Name of the peer', { complete: 'peer' }),
    ],
    enter(scope, { peer: name }) {
      const { peers } = interfaceOf(scope);
      const found = findOrAdd<PeerConfig>(peers, name, () => ({ name, links: [] }));
      return peerBlock(scope, 'peer', found);
    },
    remove(scope, { peer: gone }) {
      removeNamed(interfaceOf(scope).peers, gone);
    },
    blocks: (scope) => interfaceOf(scope).peers.map((found) => peerBlock(scope, 'peer', found)),
  }),
  setting('interface', {
    tokens: [keyword('shutdown', 'Take out of service')],
    noNeeds: 1,
    set(scope) {
      interfaceOf(scope).enabled = false;
    },
    unset(scope) {
      interfaceOf(scope).enabled = true;
    },
    reset(scope) {
      interfaceOf(scope).enabled = false;
    },
    preset: () => 'shutdown',
    render: (scope) => (interfaceOf(scope).enabled ? ['no shutdown'] : []),
  }),
];
