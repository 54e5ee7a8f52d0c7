/** Configurations at random, as the parser would make them. */
import fc from 'fast-check';
import type {
  Config,
  DampingConfig,
  DuplicateConfig,
  GuardConfig,
  InterfaceConfig,
  LinkConfig,
  LocalEnd,
  LogLevel,
  MulticastConfig,
  PeerConfig,
  Policy,
  QualityConfig,
  RemoteEnd,
  StormKind,
  StormRate,
  VlanConfig,
} from '../../src/api/config.js';
import { RESERVED_KINDS } from '../../src/api/config.js';
import { parseCidr, parseIp, unusableHost, unusableHostPart } from '../../src/grammar/address.js';
import {
  COMMAND_WORD,
  DNS_NAME,
  IFNAME,
  isRefusal,
  KEY,
  NAME,
  type ValueType,
} from '../../src/grammar/values.js';
import { splitLine } from '../../src/grammar/words.js';

const valid = (type: ValueType, source: fc.Arbitrary<string>) =>
  source.filter((text) => !isRefusal(type.parse(text)));
const printable = (text: string) => splitLine(`"${text.replace(/["\\]/g, '')}"`).problem === null;

const name = fc.oneof(
  valid(NAME, fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,10}$/)),
  fc.constantFrom('__proto__', 'constructor', 'no', 'exit', '大阪', 'head office'),
);
const ifname = fc.oneof(
  valid(IFNAME, fc.stringMatching(/^[a-z!#"'|.0-9-]{1,15}$/)),
  fc.constantFrom('any', 'an', 'a', 'eth0', 'port'),
);
const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const file = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter(printable)
  .map((text) => `/${text}`);
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((line) => printable(line) && line.length <= 255);
const host = fc.oneof(fc.ipV4(), fc.ipV6()).filter((address) => {
  const parsed = parseIp(address);
  return parsed !== null && unusableHost(parsed) === null;
});
const linkLocal = fc.integer({ min: 1, max: 0xffff }).map((number) => `fe80::${number.toString(16)}`);
const zone = valid(IFNAME, fc.stringMatching(/^[a-z!#"'|.0-9-]{1,15}$/));
const dnsName = fc.oneof(
  valid(DNS_NAME, fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.-]{0,20}$/)),
  fc.constantFrom('via', 'v', 'dynamic', 'dyn', 'gw.example.', 'port', 'fe80'),
);
const cidr = fc
  .tuple(host, fc.integer({ min: 1, max: 128 }))
  .map(([address, prefix]) => `${address}/${prefix}`)
  .filter((address) => {
    const parsed = parseCidr(address);
    return parsed !== null && unusableHostPart(parsed) === null;
  });
const port = fc.integer({ min: 1, max: 65535 });
const policy = fc.constantFrom('passive' as const, 'active' as const, 'round-robin' as const);
const mac = fc
  .uint8Array({ minLength: 5, maxLength: 5 })
  .map((bytes) => `02:${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`);

function optional<T extends object>(
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

const local: fc.Arbitrary<LocalEnd> = fc
  .tuple(
    fc.oneof(
      fc.constant({ kind: 'any' as const }),
      host.map((address) => ({ kind: 'address' as const, address })),
      fc.record({ kind: fc.constant('address' as const), address: linkLocal, zone }),
      ifname.map((device) => ({ kind: 'interface' as const, name: device })),
    ),
    fc.option(port, { nil: undefined }),
  )
  .map(([place, number]) => (number === undefined ? place : { ...place, port: number }));

const remote: fc.Arbitrary<RemoteEnd> = fc.oneof(
  fc.record({ kind: fc.constant('address' as const), address: host, port }),
  fc.record({ kind: fc.constant('address' as const), address: linkLocal, zone, port }),
  fc.record({ kind: fc.constant('name' as const), name: dnsName, port }),
  fc.constant({ kind: 'dynamic' as const }),
  name.map((peer) => ({ kind: 'via' as const, peer })),
);

const damping: fc.Arbitrary<DampingConfig | false> = fc.oneof(
  fc.constant(false as const),
  fc.record({
    halfLife: fc.integer({ min: 1, max: 3600 }),
    reuse: fc.integer({ min: 100, max: 20000 }),
    suppress: fc.integer({ min: 1000, max: 20000 }),
    max: fc.integer({ min: 1, max: 86400 }),
  }),
);

const quality: fc.Arbitrary<QualityConfig | false> = fc.oneof(
  fc.constant(false as const),
  fc.record({ loss: fc.integer({ min: 1, max: 100 }), delay: fc.integer({ min: 5, max: 60000 }) }),
);
const multicast: fc.Arbitrary<MulticastConfig> = optional<Required<MulticastConfig>>({
  snooping: fc.boolean(),
  unregistered: fc.constantFrom('flood', 'routers'),
  fastLeave: fc.constant(true as const),
  router: fc.constant(true as const),
  querier: fc.record(
    {
      interval: fc.integer({ min: 10, max: 3600 }),
      address: host.filter((address) => !address.includes(':')),
    },
    { requiredKeys: ['interval'] },
  ),
}).filter((chosen) => Object.keys(chosen).length > 0);
const duplicate: fc.Arbitrary<DuplicateConfig> = optional<Required<DuplicateConfig>>({
  small: fc.integer({ min: 64, max: 1500 }),
  control: fc.constant(true as const),
  dscp: fc
    .uniqueArray(fc.integer({ min: 0, max: 63 }), { minLength: 1, maxLength: 4 })
    .map((codes) => codes.sort((a, b) => a - b)),
});

const link: fc.Arbitrary<LinkConfig> = fc
  .tuple(
    fc.integer({ min: 0, max: 7 }),
    optional<Omit<Required<LinkConfig>, 'id'>>({
      description: text,
      local,
      remote,
      priority: fc.integer({ min: 0, max: 255 }),
      timers: fc.record(
        {
          interval: fc.integer({ min: 10, max: 60000 }),
          hold: fc.integer({ min: 30, max: 600000 }),
          upAfter: fc.integer({ min: 1, max: 200 }),
        },
        { requiredKeys: ['interval', 'hold'] },
      ),
      damping,
      quality,
      drain: fc.constant(true),
      mtu: fc.oneof(fc.integer({ min: 576, max: 65535 }), fc.constant('auto' as const)),
      dscp: fc.integer({ min: 0, max: 63 }),
      fwmark: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      fec: fc.oneof(fc.integer({ min: 2, max: 20 }), fc.constant('auto' as const)),
      shutdown: fc.constant(true),
    }),
  )
  .map(([id, rest]) => ({ id, ...rest }) as LinkConfig);

const policies: fc.Arbitrary<{ policy?: Policy; copies?: number }> = fc.oneof(
  fc.constant({}),
  policy.map((chosen) => ({ policy: chosen })),
  fc.integer({ min: 2, max: 8 }).map((copies) => ({ policy: 'active' as const, copies })),
);

const stormRate: fc.Arbitrary<StormRate> = fc.record({
  rate: fc.integer({ min: 1, max: 10_000_000 }),
  unit: fc.constantFrom('pps', 'kbps'),
});

const vlanId = fc.integer({ min: 1, max: 4094 });
const vlan: fc.Arbitrary<VlanConfig> = fc.oneof(
  fc.record({ mode: fc.constant('access' as const), vlan: vlanId }),
  fc.record(
    {
      mode: fc.constant('trunk' as const),
      native: vlanId,
      allowed: fc.constantFrom('1', '10,20-30', '1-4094', '7,9,11-12'),
    },
    { requiredKeys: ['mode'] },
  ),
);

const peer: fc.Arbitrary<PeerConfig> = fc
  .tuple(
    name,
    fc.uniqueArray(link, { maxLength: 8, selector: ({ id }) => id }),
    optional<Omit<Required<PeerConfig>, 'name' | 'links' | 'policy' | 'copies'>>({
      description: text,
      template: name,
      publicKey: valid(KEY, key),
      presharedKeyFile: file,
      duplicate,
      multicastRouter: fc.constant(true as const),
      guard: optional<Required<GuardConfig>>({
        source: fc.constant(true as const),
        dhcpServer: fc.constant(true as const),
        ra: fc.constant(true as const),
        multicastRouter: fc.constant(true as const),
        macLimit: fc.integer({ min: 1, max: 1_048_576 }),
        bindings: fc.uniqueArray(fc.record({ address: host, mac }), {
          minLength: 1,
          maxLength: 3,
          selector: ({ address, mac: station }) => `${address} ${station}`,
        }),
      }).filter((guard) => Object.keys(guard).length > 0),
      stormControl: optional<Record<StormKind, StormRate>>({
        broadcast: stormRate,
        multicast: stormRate,
        'unknown-unicast': stormRate,
      }).filter((limits) => Object.keys(limits).length > 0),
      vlan,
      splitHorizon: fc.oneof(fc.constant(false as const), fc.integer({ min: 0, max: 255 })),
      introduce: fc.boolean(),
      direct: fc.record({ template: name }, { requiredKeys: [] }),
      uplink: fc.record(
        { group: name, priority: fc.integer({ min: 0, max: 255 }) },
        { requiredKeys: ['group'] },
      ),
      shutdown: fc.constant(true),
    }),
    policies,
  )
  .map(([peerName, links, rest, chosen]) => ({ name: peerName, links, ...rest, ...chosen }) as PeerConfig);

const tap: fc.Arbitrary<InterfaceConfig> = fc
  .record({
    required: fc.record({
      name: ifname,
      addresses: fc.uniqueArray(cidr, { maxLength: 3 }),
      disabledOffloads: fc.uniqueArray(
        fc.constantFrom(
          'tap-checksum' as const,
          'tap-tso' as const,
          'tap-uso' as const,
          'tap-tunnel' as const,
          'udp-gso' as const,
          'udp-gro' as const,
        ),
      ),
      peers: fc.uniqueArray(peer, { maxLength: 4, selector: ({ name: peerName }) => peerName }),
      enabled: fc.boolean(),
    }),
    chosen: policies,
    rest: optional({
      description: text,
      privateKeyFile: file,
      mtu: fc.integer({ min: 576, max: 65521 }),
      mac,
      bridge: ifname,
      listenPort: port,
      duplicate: duplicate.filter((chosen) => Object.keys(chosen).length > 0),
      damping,
      quality,
      aead: fc.constantFrom('auto', 'aes-256-gcm', 'chacha20-poly1305'),
      introduce: fc.boolean(),
      macAgeing: fc.integer({ min: 10, max: 86400 }),
      loopGuard: fc.boolean(),
      arpSuppression: fc.constant(true as const),
      forwardReserved: fc.subarray([...RESERVED_KINDS], { minLength: 1 }),
      staticMacs: fc.uniqueArray(
        fc.record({ mac, vlan: fc.integer({ min: 1, max: 4094 }), peer: name }, { requiredKeys: ['mac'] }),
        { minLength: 1, maxLength: 3, selector: ({ mac: station, vlan }) => `${station} ${vlan}` },
      ),
      vlan,
      macLimit: fc.integer({ min: 16, max: 1048576 }),
      mssClamp: fc.boolean(),
      multicast,
      resendBuffer: fc.integer({ min: 1, max: 32 }),
      resendAge: fc.integer({ min: 100, max: 10_000 }),
      uplinkGroups: fc.uniqueArray(fc.record({ name, preemptDelay: fc.integer({ min: 0, max: 86400 }) }), {
        minLength: 1,
        maxLength: 3,
        selector: ({ name: group }) => group,
      }),
      authorizedKeys: fc.record({ file, template: name }, { requiredKeys: ['file'] }),
      certificateFile: file,
      peerTemplates: fc.uniqueArray(peer, {
        minLength: 1,
        maxLength: 2,
        selector: ({ name: template }) => template,
      }),
      heartbeatBudget: fc.integer({ min: 10, max: 1_000_000 }),
      persist: fc.constant(true),
      scheduling: fc.constantFrom('realtime', 'normal'),
      workers: fc.oneof(fc.constant('auto'), fc.integer({ min: 1, max: 8 })),
    }),
  })
  .map(({ required, rest, chosen }) => ({ ...required, ...rest, ...chosen }) as InterfaceConfig);

export const configs: fc.Arbitrary<Config> = fc
  .tuple(
    fc.uniqueArray(tap, { maxLength: 3, selector: ({ name: tapName }) => tapName }),
    optional<Omit<Required<Config>, 'interfaces'>>({
      hostname: fc.stringMatching(/^[a-z0-9]{1,10}$/),
      eventHandler: file,
      metrics: fc.record({ address: host, port }),
      web: fc.record({ address: host, port }),
      historyLinks: fc.integer({ min: 0, max: 4096 }),
      banner: text,
      aliases: fc.uniqueArray(
        fc.record({ name: valid(COMMAND_WORD, fc.stringMatching(/^[a-z][a-z0-9_-]{0,9}$/)), line: text }),
        { minLength: 1, maxLength: 3, selector: (alias) => alias.name },
      ),
      logLevel: fc.constantFrom<LogLevel>('error', 'warn', 'info', 'debug'),
      syslog: fc.uniqueArray(fc.record({ host: fc.oneof(host, fc.constant('log-1.example')), port }), {
        minLength: 1,
        maxLength: 3,
        selector: (server) => `${server.host} ${server.port}`,
      }),
    }),
  )
  .map(([interfaces, rest]) => ({ interfaces, ...rest }));
