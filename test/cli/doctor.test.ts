/** What `doctor` makes of the daemon's answers. */
import { describe, expect, it } from 'vitest';
import type { ControlEvent, PeerMtu, PeerStatus, SystemInfo, WarningName } from '../../src/api/index.js';
import type { LinkStatus } from '../../src/api/peers.js';
import { droppingChains, type HostDevice, type HostFacts } from '../../src/cli/base/host-facts.js';
import { doctorSummary, findingsOf, findingText } from '../../src/cli/output/doctor.js';
import { findingsOfHost } from '../../src/cli/output/doctor-host.js';
import type { DoctorFacts, LinkAnswer } from '../../src/cli/output/finding.js';
import { parseConfig } from '../../src/config/edit.js';
import { interfaceStatus, peerMtu, peerStatus } from '../control/fake-answers.js';

const { config } = parseConfig(`interface octo0
 peer osaka
  link 0
   remote 198.51.100.7 port 7700
  link 1
   remote 203.0.113.70 port 7700
`);
const [found] = config.interfaces;

function peer(changes: Partial<PeerStatus> = {}, link: Partial<LinkStatus> = {}): PeerStatus {
  const status = peerStatus(found, found.peers[0]);
  return { ...status, links: [status.links[0], { ...status.links[1], ...link }], ...changes };
}

const SYSTEM = {
  version: '1.4.0',
  openFiles: 20,
  openFilesLimit: 1024,
  offloads: [],
  workers: [],
} as unknown as SystemInfo;

function facts(changes: Partial<DoctorFacts> = {}): DoctorFacts {
  return {
    system: SYSTEM,
    interfaces: [],
    peers: [peer()],
    mtu: [],
    answers: [],
    arp: [],
    events: [],
    ...changes,
  };
}

const warning = (what: WarningName, detail: string): ControlEvent => ({
  timeMs: 0,
  kind: 'warning',
  interface: 'octo0',
  peer: 'osaka',
  what,
  detail,
});

const duplicate: ControlEvent = {
  timeMs: 0,
  kind: 'address-duplicate',
  interface: 'octo0',
  address: '10.77.0.9',
  vlan: 0,
  stations: [
    { mac: '02:00:00:00:00:17', peer: 'osaka' },
    { mac: '02:00:00:00:00:21', peer: null },
  ],
};

const shortLink = (): PeerMtu => {
  const mtu = peerMtu(peer());
  return {
    ...mtu,
    links: mtu.links.map((link) => ({ ...link, state: 'up', short: link.link === 1, mtuBytes: 1400 })),
  };
};

const answer = (changes: Partial<LinkAnswer>): LinkAnswer => ({
  interface: 'octo0',
  peer: 'osaka',
  link: 1,
  seenAs: null,
  peerVersion: '1.4.0',
  ...changes,
});

describe('doctor', () => {
  it('finds nothing where everything works', () => {
    expect(findingsOf(facts())).toEqual([]);
    expect(doctorSummary([], facts())).toBe('No fault found (0 interfaces, 1 peer).');
  });

  it('names what is missing at an interface once, with what mends it, and no longer when it is there', () => {
    const said = [
      warning('bridge-missing', 'bridge br0 is absent'),
      warning('tap-changed', 'the TAP was set down; another program took an address'),
    ];
    const missing = ['not permitted: ip link set', 'bridge br0 is absent', 'another program took an address'];
    const findings = (now: string[]) =>
      findingsOf(
        facts({
          events: said,
          interfaces: [{ ...interfaceStatus(found), enabled: true, state: 'up', missing: now }],
        }),
      );
    expect(findings(missing).map(({ problem, remedy }) => [problem, remedy])).toEqual([
      [missing[0], expect.stringContaining('CAP_NET_ADMIN')],
      [missing[1], expect.stringContaining('make the bridge')],
      [missing[2], expect.stringContaining('ip(8)')],
    ]);
    expect(findings([])).toEqual([]);
  });

  it('advises to make a TAP again that has fewer queues than workers', () => {
    const worker = { interface: 'octo0', alive: true, scheduling: 'realtime' as const };
    const rows = [
      { ...worker, workers: 3, tapQueues: 1 },
      { ...worker, workers: 1, tapQueues: 3 },
    ];
    const system = { ...SYSTEM, workers: rows } as unknown as SystemInfo;
    const found = findingsOf(facts({ system, events: [warning('tap-queues-missing', 'fewer')] }));
    expect(found.map(({ kind, problem }) => `${kind}: ${problem}`)).toEqual([
      'advice: its TAP has 1 of 3 queues, so that workers share less of the work',
    ]);
  });

  it('advises real-time priority where a hold time is short, and nowhere else', () => {
    const adviceAt = (holdMs: number, scheduling: 'normal' | 'realtime') => {
      const worker = { interface: 'octo0', alive: true, scheduling, workers: 1, tapQueues: 1 };
      const system = { ...SYSTEM, workers: [worker] } as unknown as SystemInfo;
      return findingsOf(facts({ system, peers: [peer({}, { holdMs })] })).map(({ problem }) => problem);
    };
    expect(adviceAt(300, 'normal')).toEqual([]);
    expect(adviceAt(30, 'realtime')).toEqual([]);
    expect(adviceAt(30, 'normal')).toEqual([expect.stringContaining('hold times of 30 ms may expire')]);
  });

  it.each<[string, Partial<DoctorFacts>, string, string]>([
    [
      'a peer that is down',
      { peers: [peer({ state: 'down', cause: 'no answer', advice: 'let UDP pass' })] },
      'peer osaka: is down: no answer',
      'let UDP pass',
    ],
    [
      'two stations that claim one address',
      { events: [duplicate] },
      'address 10.77.0.9: is claimed by two stations in turn: 02:00:00:00:00:17 and 02:00:00:00:00:21',
      'give one of them another address; "show mac-table" says where they are',
    ],
    [
      'an address of two stations',
      {
        arp: [
          {
            interface: 'octo0',
            active: true,
            answered: 0,
            duplicates: 1,
            addresses: [
              {
                vlan: 0,
                address: '10.77.0.1',
                mac: '02:00:00:00:00:07',
                peer: 'osaka',
                state: 'duplicate',
                router: false,
                expiresSeconds: 60,
              },
            ],
          },
        ],
      },
      'interface octo0: two stations have 10.77.0.1, one of them 02:00:00:00:00:07 behind peer osaka',
      'give one of the two another address',
    ],
    [
      'a link of one direction',
      { peers: [peer({}, { state: 'one-way' })] },
      'link 1 of peer osaka: works in one direction only',
      'let UDP pass in both directions between here and 203.0.113.70:7700',
    ],
    [
      'a link that is down beside another one',
      { peers: [peer({}, { state: 'down', cause: 'hold time expired' })] },
      'link 1 of peer osaka: is down: hold time expired',
      'let UDP pass to 203.0.113.70:7700, or fix the path to it',
    ],
    [
      'a clock that is behind',
      { events: [warning('old-timestamp', 'its clock is 30 days behind')] },
      'peer osaka: its clock is 30 days behind',
      'set the clock of that host right and keep it so (chrony, systemd-timesyncd)',
    ],
  ])('names %s as a fault, and what mends it', (_, changes, what, remedy) => {
    const [{ kind, where, problem, remedy: mends }] = findingsOf(facts(changes));
    expect([kind, `${where}: ${problem}`, mends]).toEqual(['fault', what, remedy]);
  });

  it.each<[string, Partial<DoctorFacts>, string, string]>([
    [
      'a peer of an older version',
      { answers: [answer({ peerVersion: '1.3.9' }), answer({ link: 0, peerVersion: '1.3.9' })] },
      'peer osaka: runs 1.3.9, older than 1.4.0 here: what only one of the two knows is left out between them',
      'upgrade osaka',
    ],
    [
      'a peer of a newer version',
      { answers: [answer({ peerVersion: '1.10.0' })] },
      'peer osaka: runs 1.10.0, newer than 1.4.0 here: what only one of the two knows is left out between them',
      'upgrade this host',
    ],
    [
      'a peer that does not tell its version',
      { answers: [answer({ peerVersion: null })] },
      'peer osaka: runs a version that does not tell itself, older than 1.4.0 here: what only one of the two knows is left out between them',
      'upgrade osaka',
    ],
  ])('gives advice on %s', (_, changes, what, remedy) => {
    const findings = findingsOf(facts(changes));
    expect(findings.map(({ where, problem }) => `${where}: ${problem}`)).toEqual([what]);
    expect(findings[0]).toMatchObject({ kind: 'advice', remedy });
    expect(doctorSummary(findings, facts())).toContain('No fault found');
  });

  it('gives advice after faults, and tells a warning that came again once', () => {
    const events = [warning('key-on-two-hosts', 'first'), warning('key-on-two-hosts', 'again')];
    const findings = findingsOf(facts({ mtu: [shortLink()], events }));
    expect(findings.map(({ kind, problem }) => `${kind}: ${problem}`)).toEqual([
      'fault: again',
      'advice: takes 1400 bytes, less than another link',
    ]);
    expect(doctorSummary(findings, facts())).toBe('1 fault found (0 interfaces, 1 peer).');
  });

  it('leaves alone what an operator has shut down', () => {
    const shut = peer({}, { state: 'shutdown' });
    expect(findingsOf(facts({ peers: [shut, peer({ state: 'shutdown', cause: 'shut down' })] }))).toEqual([]);
  });

  it('fits 80 columns', () => {
    const finding = {
      kind: 'fault',
      where: 'peer osaka',
      problem: 'word '.repeat(40).trim(),
      remedy: 'x '.repeat(60).trim(),
    } as const;
    for (const line of findingText(finding)) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('doctor, of the host that the daemon runs on', () => {
  const device = (changes: Partial<HostDevice> = {}): HostDevice => ({
    name: 'octo0',
    ifindex: 7,
    addresses: ['10.77.0.1'],
    duplicates: [],
    isStrict: false,
    bridge: null,
    ...changes,
  });
  const card = device({ name: 'wan0', ifindex: 2, addresses: ['192.0.2.10'], isStrict: true });
  const chain = { family: 'inet', table: 'filter', name: 'input', udpPorts: [[22, 22]] as const };
  const host = (changes: Partial<HostFacts> = {}): HostFacts => ({
    devices: [device(), card],
    chains: [],
    isClockKept: null,
    ...changes,
  });
  const interfaces = [interfaceStatus(found)];
  const unheard = peer({}, { state: 'down', local: '192.0.2.10:7700' });
  const told = (facts: HostFacts, peers = [unheard]) =>
    findingsOfHost(facts, { interfaces, peers, answers: [] }).map(({ problem }) => problem);

  it('says nothing where nothing is wrong, or where the daemon is in another network namespace', () => {
    expect(told(host({ chains: [chain], isClockKept: true }), [peer()])).toEqual([]);
    const elsewhere = host({ devices: [device({ ifindex: 8 }), card], chains: [chain], isClockKept: false });
    expect(told(elsewhere)).toEqual([]);
  });

  it('names a chain that drops by default, unless a rule names the port of the link that hears nothing', () => {
    expect(told(host({ devices: [device()], chains: [chain] }))).toEqual([
      expect.stringContaining('UDP port 7700: the chain input of table inet filter'),
    ]);
    const open = { ...chain, udpPorts: [[7000, 8000]] as const };
    expect(told(host({ devices: [device()], chains: [open] }))).toEqual([]);
  });

  describe('NAT', () => {
    const nat = (local: string | null, seenAs: string | null, intervalMs = 100) =>
      findingsOfHost(host(), {
        interfaces,
        peers: [peer({}, { local, intervalMs })],
        answers: [answer({ seenAs })],
      });

    it.each([
      ['192.0.2.1:7700', '192.0.2.1:7700'],
      [null, '192.0.2.10:7700'],
      ['0.0.0.0:7700', '192.0.2.10:7700'],
      ['[fe80::1%eth0]:7700', '[fe80::1]:7700'],
      ['wan0:7700', '192.0.2.10:7700'],
      ['192.0.2.1:7700', null],
    ])('is not on the way of what leaves by %s and is seen as %s', (local, seenAs) => {
      expect(nat(local, seenAs)).toEqual([]);
    });

    it.each([
      ['192.0.2.1:7700', '198.51.100.9:7700', '192.0.2.1:7700'],
      ['192.0.2.1:7700', '192.0.2.1:40123', '192.0.2.1:7700'],
      [null, '198.51.100.9:7700', 'this host'],
      ['[::]:7700', '[2001:db8::9]:7700', 'this host'],
      [null, '192.0.2.10:40123', 'this host'],
      ['wan0:7700', '10.77.0.1:7700', 'wan0:7700'],
      ['wan0:7700', '192.0.2.10:40123', 'wan0:7700'],
    ])('is noted where %s is seen as %s', (local, seenAs, named) => {
      const [{ kind, problem, remedy }] = nat(local, seenAs);
      expect([kind, problem]).toEqual(['note', `is behind NAT: osaka sees ${named} as ${seenAs}`]);
      expect(remedy).toContain('every 100 ms');
      expect(nat(local, seenAs, 30_000)).toMatchObject([
        { kind: 'advice', remedy: expect.stringContaining('"timers interval 20000"') },
      ]);
    });
  });

  it('names the bridge that takes what comes in by the device that a link is bound to', () => {
    const devices = [device(), device({ name: 'wan1', ifindex: 3, bridge: 'br0' })];
    const ofLink = (local: string, state: 'up' | 'down' = 'down') =>
      told(host({ devices }), [peer({}, { state, local })]);
    expect(ofLink('wan1:7700')).toEqual([expect.stringContaining('by wan1, a port of the bridge br0')]);
    expect([...ofLink('wan1:7700', 'up'), ...ofLink('10.77.0.1:7700')]).toEqual([]);
  });

  it('names the device with a strict filter by which a link hears nothing', () => {
    for (const local of ['192.0.2.10:7700', 'wan0:7700']) {
      expect(told(host(), [peer({}, { state: 'down', local })])).toEqual([
        expect.stringContaining('by wan0'),
      ]);
    }
  });

  it('names a duplicate address, and a clock that nobody keeps', () => {
    const devices = [device({ duplicates: ['fd00::1'] })];
    expect(told(host({ devices, isClockKept: false }), [])).toEqual([
      'another station of the LAN has fd00::1 as well',
      expect.stringContaining('no time server'),
    ]);
  });
});

it('the rules of nftables name ports by number, range and set', () => {
  const rule = (right: unknown) => ({
    rule: {
      family: 'ip',
      table: 'filter',
      expr: [
        { match: { op: '==', left: { payload: { protocol: 'udp', field: 'dport' } }, right } },
        { accept: null },
      ],
    },
  });
  const policy = { hook: 'input', policy: 'drop' };
  const entries = [
    { chain: { family: 'ip', table: 'filter', name: 'INPUT', ...policy } },
    { chain: { family: 'ip', table: 'filter', name: 'FORWARD', hook: 'forward', policy: 'drop' } },
    rule(53),
    rule({ set: [7700, { range: [8000, 8010] }] }),
  ];
  expect(droppingChains(entries)).toEqual([
    {
      family: 'ip',
      table: 'filter',
      name: 'INPUT',
      udpPorts: [
        [53, 53],
        [7700, 7700],
        [8000, 8010],
      ],
    },
  ]);
});
