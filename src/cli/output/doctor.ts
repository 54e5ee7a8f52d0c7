/** What is wrong with a host's tunnels, told from the daemon's own answers: one finding a line, and what mends it. */
import type {
  ControlEvent,
  InterfaceStatus,
  PeerMtu,
  PeerStatus,
  SystemInfo,
  WarningName,
} from '../../api/index.js';
import type { LinkState } from '../../api/link-states.js';
import type { LinkStatus } from '../../api/peers.js';
import { findingsOfAddresses, findingsOfVersions } from './doctor-links.js';
import type { DoctorFacts, Finding } from './finding.js';
import { plural } from './format.js';
import { fold, TEXT_WIDTH } from './table.js';

/** Share of the open files that are allowed. */
const MANY_FILES = 0.8;

/** Milliseconds that an ordinary thread of a busy host may have to wait for a processor. */
const SURE_HOLD_MS = 50;

/** Faults before advice, and notes at the end. */
export function worstFirst(all: readonly Finding[]): Finding[] {
  return (['fault', 'advice', 'note'] as const).flatMap((wanted) =>
    all.filter(({ kind }) => kind === wanted),
  );
}

/** Everything that is wrong with what the daemon does. */
export function findingsOf(facts: DoctorFacts): Finding[] {
  return [
    ...facts.interfaces.flatMap((each) => ofInterface(each, facts.events)),
    ...facts.peers.flatMap(ofPeer),
    ...ofEvents(facts.events),
    ...facts.mtu.flatMap(ofMtu),
    ...findingsOfAddresses(facts.arp),
    ...findingsOfVersions(facts.answers, facts.system.version),
    ...ofSystem(facts.system),
    ...ofScheduling(facts),
  ];
}

function ofInterface(status: InterfaceStatus, events: readonly ControlEvent[]): Finding[] {
  const { name, enabled, state, cause, missing, loops, peers } = status;
  const where = `interface ${name}`;
  const found: Finding[] = [];
  if (enabled && state === 'down') {
    const remedy = 'fix that, then "no shutdown" there, or restart octolinkd';
    found.push({ kind: 'fault', where, problem: `is down: ${cause ?? 'no cause known'}`, remedy });
  }
  if (!enabled && peers > 0) {
    found.push({ kind: 'advice', where, problem: 'is shut down', remedy: '"no shutdown" there starts it' });
  }
  for (const problem of missing) {
    const remedy = remedyOf(problem, name, events);
    found.push({ kind: 'fault', where, problem, remedy });
  }
  for (const { peer, state: loop } of loops) {
    const problem = `the LAN reaches peer ${peer} by another way as well (${loop})`;
    found.push({
      kind: 'fault',
      where,
      problem,
      remedy: 'take one of the two ways away: a cable, or the peer',
    });
  }
  return found;
}

/** What is missing is what could not be done for want of a right, but for that of which a warning says more. */
function remedyOf(problem: string, interfaceName: string, events: readonly ControlEvent[]): string {
  for (const event of events.toReversed()) {
    if (event.kind !== 'warning' || event.interface !== interfaceName) continue;
    const remedy = REMEDIES[event.what];
    if (remedy !== undefined && event.detail.split('; ').includes(problem)) return remedy;
  }
  return 'run octolinkd as root or with CAP_NET_ADMIN, or do it by hand';
}

/** Of links that do not carry what they should. */
const LOST_STATES: ReadonlySet<LinkState> = new Set<LinkState>(['down', 'one-way']);

function ofPeer(peer: PeerStatus): Finding[] {
  if (peer.state === 'shutdown') return [];
  const where = `peer ${peer.name}`;
  if (peer.state === 'down' || peer.cause !== null) {
    const problem = `${peer.state === 'down' ? 'is down: ' : ''}${peer.cause ?? 'no cause known'}`;
    const remedy = peer.advice ?? `explain peer ${peer.name}`;
    const isFault = peer.state === 'down' || peer.links.some(({ state }) => LOST_STATES.has(state));
    return [{ kind: isFault ? 'fault' : 'advice', where, problem, remedy }];
  }
  return peer.links.flatMap((link) => ofLink(link, where));
}

/** A link that does not work although its peer can be reached: the redundancy is gone. */
function ofLink(link: LinkStatus, peer: string): Finding[] {
  const where = `link ${link.link} of ${peer}`;
  const fault = (problem: string, remedy: string): Finding[] => [{ kind: 'fault', where, problem, remedy }];
  const remote = link.remote ?? 'its remote end';
  switch (link.state) {
    case 'one-way':
      return fault(
        'works in one direction only',
        `let UDP pass in both directions between here and ${remote}`,
      );
    case 'down':
      return fault(
        `is down: ${link.cause ?? 'never up'}`,
        `let UDP pass to ${remote}, or fix the path to it`,
      );
    case 'waiting':
      return fault(`waits: ${link.detail ?? link.cause ?? 'for its path'}`, `explain ${peer}`);
    case 'damped':
      return fault('comes and goes, and is held back', 'look at the path; "no damping" takes it at once');
    default:
      return [];
  }
}

function ofMtu({ peer, links }: PeerMtu): Finding[] {
  return links.flatMap(({ link, state, search, mtuBytes, short }): Finding[] => {
    const where = `link ${link} of peer ${peer}`;
    if (state !== 'up') return [];
    if (search === 'error') {
      const problem = `takes no datagrams of ${mtuBytes} bytes`;
      return [{ kind: 'fault', where, problem, remedy: 'raise the MTU of the path' }];
    }
    if (!short) return [];
    const problem = `takes ${mtuBytes} bytes, less than another link`;
    return [
      { kind: 'advice', where, problem, remedy: 'raise the MTU of its path; "show mtu" has the figures' },
    ];
  });
}

/** Warnings of what is found with the interfaces, the peers and the system, as it is now. */
const SHOWN_AS_THEY_ARE: ReadonlySet<WarningName> = new Set([
  'bridge-missing',
  'mtu-differs',
  'tap-changed',
  'tap-queues-missing',
]);

/** Warnings say once what goes on: the last of each kind and place counts. */
function ofEvents(events: readonly ControlEvent[]): Finding[] {
  const latest = new Map<string, Finding>();
  for (const event of events) {
    if (event.kind === 'warning' && !SHOWN_AS_THEY_ARE.has(event.what)) {
      const where = event.peer !== null ? `peer ${event.peer}` : `interface ${event.interface ?? '-'}`;
      const remedy = REMEDIES[event.what] ?? 'show events';
      latest.set(`${event.what} ${where}`, { kind: 'fault', where, problem: event.detail, remedy });
    } else if (event.kind === 'address-duplicate') {
      const where = `address ${event.address}`;
      const problem = `is claimed by two stations in turn: ${event.stations.map(({ mac }) => mac).join(' and ')}`;
      const remedy = 'give one of them another address; "show mac-table" says where they are';
      latest.set(where, { kind: 'fault', where, problem, remedy });
    } else if (event.kind === 'mac-frozen') {
      const where = `station ${event.mac}`;
      const problem = 'was seen in two places in turn';
      latest.set(where, {
        kind: 'fault',
        where,
        problem,
        remedy: 'look for a loop, or for two hosts with one address',
      });
    }
  }
  return [...latest.values()];
}

const REMEDIES: Partial<Record<WarningName, string>> = {
  'old-timestamp': 'set the clock of that host right and keep it so (chrony, systemd-timesyncd)',
  'key-on-two-hosts': 'give one of the two hosts a key of its own: octolink genkey',
  'handshake-time-not-kept': 'let octolinkd write to its state folder',
  'key-file-refused': 'fix the key file, then reload',
  'authorized-keys-refused': 'fix the file; it is read again automatically',
  'certificate-refused': 'compare "authority" of the interface with who signed, and the clocks',
  'authorized-key-refused': 'fix that line; the file is read again automatically',
  'bridge-missing': 'make the bridge: ip link add name BRIDGE type bridge',
  'tap-changed': 'set it right with ip(8), or type "shutdown" and "no shutdown" under the interface',
  registry: 'show registry says what is wrong; members that are known stay connected',
  'introduction-refused': 'show drops name member/*',
  'reload-failed': 'fix the startup configuration: octolinkd --check names what is wrong',
  'record-lost': 'let octolinkd write to its state folder',
};

function ofSystem({ openFiles, openFilesLimit, offloads, workers }: SystemInfo): Finding[] {
  const found: Finding[] = [];
  const advise = (where: string, problem: string, remedy: string) =>
    found.push({ kind: 'advice', where, problem, remedy });
  for (const { interface: name, alive } of workers) {
    if (!alive) {
      const where = `interface ${name}`;
      found.push({
        kind: 'fault',
        where,
        problem: 'its worker died',
        remedy: 'see the log; restart octolinkd',
      });
    }
  }
  if (openFilesLimit !== null && openFiles > openFilesLimit * MANY_FILES) {
    const problem = `uses ${openFiles} of ${openFilesLimit} open files`;
    advise('octolinkd', problem, 'LimitNOFILE= in the unit raises the limit');
  }
  for (const { interface: name, offload, state } of offloads) {
    if (state === 'self-test failed') {
      advise(
        `interface ${name}`,
        `${offload} does not work here, so it is slower`,
        'another kernel or network card driver',
      );
    }
  }
  for (const { interface: name, alive, workers: threads, tapQueues } of workers) {
    if (alive && tapQueues < threads) {
      const problem = `its TAP has ${tapQueues} of ${threads} queues, so that workers share less of the work`;
      advise(`interface ${name}`, problem, '"shutdown" and "no shutdown" make the TAP again');
    }
  }
  return found;
}

/** Links whose hold time is shorter than a busy host may let an ordinary thread wait. */
function ofScheduling({ system, peers }: Pick<DoctorFacts, 'system' | 'peers'>): Finding[] {
  return system.workers.flatMap(({ interface: name, scheduling }): Finding[] => {
    const links = peers.filter((peer) => peer.interface === name).flatMap((peer) => peer.links);
    const shortest = Math.min(...links.map(({ holdMs }) => holdMs));
    if (scheduling === 'realtime' || shortest >= SURE_HOLD_MS) return [];
    return [
      {
        kind: 'advice',
        where: `interface ${name}`,
        problem: `hold times of ${shortest} ms may expire on a busy host, since its worker has no real-time priority`,
        remedy: '"scheduling realtime" there, for which octolinkd needs CAP_SYS_NICE',
      },
    ];
  });
}

/** A finding in lines: what, and after an arrow what mends it. */
export function findingText({ kind, where, problem, remedy }: Finding): string[] {
  const [first, ...rest] = fold(`${where}: ${problem}`, TEXT_WIDTH - INDENT);
  const label = kind.padEnd(INDENT);
  const mends = fold(`-> ${remedy}`, TEXT_WIDTH - INDENT);
  return [`${label}${first}`, ...[...rest, ...mends].map((line) => `${' '.repeat(INDENT)}${line}`)];
}

const INDENT = 8;

/** `2 faults and 1 advice in 1 interface, 3 peers` */
export function doctorSummary(
  findings: readonly Finding[],
  facts: Pick<DoctorFacts, 'interfaces' | 'peers'>,
): string {
  const faults = findings.filter(({ kind }) => kind === 'fault').length;
  const looked = `${plural(facts.interfaces.length, 'interface')}, ${plural(facts.peers.length, 'peer')}`;
  return faults === 0 ? `No fault found (${looked}).` : `${plural(faults, 'fault')} found (${looked}).`;
}
