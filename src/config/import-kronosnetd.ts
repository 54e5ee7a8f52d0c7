/**
 * Translates a configuration of kronosnetd, the daemon that the kronosnet project maintained until 2020. Its file is a
 * replay of its command line: `interface NAME NODEID BASEPORT`, inside it `peer NAME NODEID`, inside that `link ID SOURCE
 * DESTINATION TRANSPORT`, each closed by `exit`.
 */

import type { Config, InterfaceConfig, LinkConfig, PeerConfig, Policy } from '../api/config.js';
import * as values from '../grammar/values.js';
import { isRefusal, type ValueType } from '../grammar/values.js';

interface ImportRemark {
  /** 1-based. */
  line: number;
  text: string;
  /** What could not be translated, or has to be done by hand. */
  message: string;
}

interface ImportResult {
  config: Config;
  remarks: ImportRemark[];
}

/** Those of kronosnetd's links without `timers`, in milliseconds. */
const KRONOSNET_TIMERS = { interval: 1000, hold: 5000 };
const TIMER_LIMITS = { interval: { min: 10, max: 60_000 }, hold: { min: 30, max: 600_000 } };
const POLICIES: readonly Policy[] = ['passive', 'active', 'round-robin'];
const MAX_PORT = 65535;

/** Never throws on any text. */
export function importKronosnetd(text: string): ImportResult {
  const reader = new Reader();
  for (const [index, line] of text.split(/\r?\n/).entries()) reader.read(line, index + 1);
  return reader.finish();
}

type Words = readonly string[];

/** An open block: the commands that it knows. */
type Block = ReadonlyMap<string, (words: Words) => void>;

/** Commands that open a block, including those that are left out. */
const OPENING: readonly string[] = ['interface', 'peer', 'link', 'vty'];
const LEFT_OUT: Block = new Map();

class Refused extends Error {}

class Reader {
  private readonly config: Config = { interfaces: [] };
  private readonly remarks: ImportRemark[] = [];
  /** The innermost first. */
  private open: Block[];
  private at = { line: 0, text: '' };

  constructor() {
    this.open = [this.top()];
  }

  read(text: string, line: number): void {
    this.at = { line, text };
    const words = text.trim().split(/\s+/);
    if (words[0] === '' || words[0].startsWith('#') || words[0].startsWith('!')) return;
    try {
      this.run(words);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.remark(error.message);
      if (OPENING.includes(words[0])) this.open.unshift(LEFT_OUT);
    }
  }

  finish(): ImportResult {
    return { config: this.config, remarks: this.remarks };
  }

  private run([word, ...rest]: Words): void {
    const [innermost] = this.open;
    if (word === 'exit' || word === 'end') {
      if (word === 'end') this.open = this.open.slice(-1);
      else if (this.open.length > 1) this.open.shift();
      return;
    }
    const known = innermost.get(word);
    if (known === undefined) throw new Refused('unknown here, and left out');
    known(rest);
  }

  private remark(message: string): void {
    this.remarks.push({ ...this.at, message });
  }

  private top(): Block {
    return new Map([
      ['configure', () => undefined],
      ['interface', (words: Words) => this.interface(words)],
      ['vty', () => void this.open.unshift(this.vty())],
    ]);
  }

  private vty(): Block {
    return new Map([['timeout', () => this.remark('left out: octolink -T SECONDS ends an idle shell')]]);
  }

  private interface([nameText, idText, portText]: Words): void {
    const name = checked(values.IFNAME, nameText, 'interface');
    const nodeId = checked(values.range(0, 255), idText, 'node id');
    const basePort = checked(values.range(0, 65279), portText, 'base port');
    let found = this.config.interfaces.find((one) => one.name === name);
    if (found === undefined) {
      found = { name, addresses: [], disabledOffloads: [], peers: [], enabled: false };
      this.config.interfaces.push(found);
    }
    this.open.unshift(this.inInterface(found, nodeId, basePort));
  }

  private inInterface(found: InterfaceConfig, nodeId: number, basePort: number): Block {
    return new Map<string, (words: Words) => void>([
      ['ip', ([address, prefix]) => addAddress(found, `${address}/${prefix}`)],
      ['mtu', ([mtu]) => Object.assign(found, { mtu: checked(values.range(576, 65521), mtu, 'mtu') })],
      ['pmtudfreq', () => this.remark('left out: path MTUs are found without it')],
      [
        'crypto',
        () =>
          this.remark(
            'keys are agreed by handshakes: exchange public keys, and set "public-key" of each peer',
          ),
      ],
      ['peer', (words) => this.peer(found, words, nodeId, basePort)],
      ['start', () => Object.assign(found, { enabled: true })],
      ['stop', () => Object.assign(found, { enabled: false })],
    ]);
  }

  private peer(parent: InterfaceConfig, [nameText, idText]: Words, nodeId: number, basePort: number): void {
    const name = checked(values.NAME, nameText, 'peer');
    const peerId = checked(values.range(0, 255), idText, 'node id');
    if (peerId === nodeId) throw new Refused('the peer has the node id of this host, and is left out');
    let peer = parent.peers.find((one) => one.name === name);
    if (peer === undefined) {
      peer = { name, links: [] };
      parent.peers.push(peer);
      this.remark(`set "public-key" of peer ${name}`);
    }
    // The port at each end is the base port plus the node id of the other end.
    const ports = { local: basePort + peerId, remote: basePort + nodeId };
    this.open.unshift(this.inPeer(peer, ports));
  }

  private inPeer(peer: PeerConfig, ports: { local: number; remote: number }): Block {
    return new Map<string, (words: Words) => void>([
      ['link', (words) => this.link(peer, words, ports)],
      ['switch-policy', ([policy]) => Object.assign(peer, { policy: policyOf(policy) })],
    ]);
  }

  private link(
    peer: PeerConfig,
    [idText, from, to, transport]: Words,
    ports: { local: number; remote: number },
  ): void {
    const id = checked(values.range(0, 7), idText, 'link id');
    if (Math.max(ports.local, ports.remote) > MAX_PORT) throw new Refused('its UDP port is above 65535');
    const local = addressOf(from);
    const remote = to === 'dynamic' ? null : addressOf(to);
    if (transport !== undefined && transport.toUpperCase() !== 'UDP') {
      this.remark(`transport ${transport} becomes UDP`);
    }
    let link = peer.links.find((one) => one.id === id);
    if (link === undefined) {
      link = {
        id,
        local: { kind: 'address', address: local, port: ports.local },
        remote:
          remote === null ? { kind: 'dynamic' } : { kind: 'address', address: remote, port: ports.remote },
        timers: { ...KRONOSNET_TIMERS },
      };
      peer.links.push(link);
    }
    this.open.unshift(this.inLink(link));
  }

  private inLink(link: LinkConfig): Block {
    return new Map<string, (words: Words) => void>([
      ['timers', ([interval, hold]) => Object.assign(link, { timers: this.timers(interval, hold) })],
      [
        'pong_count',
        () => this.remark('left out: "timers up-after" sets how many heartbeats bring a link up'),
      ],
      [
        'priority',
        ([priority]) =>
          Object.assign(link, { priority: checked(values.range(0, 255), priority, 'priority') }),
      ],
    ]);
  }

  private timers(intervalText: string | undefined, holdText: string | undefined): LinkConfig['timers'] {
    const limits = values.range(1, 60_000);
    const asked = {
      interval: checked(limits, intervalText, 'keepalive'),
      hold: checked(limits, holdText, 'hold time'),
    };
    const interval = clamp(asked.interval, TIMER_LIMITS.interval);
    const hold = clamp(Math.max(asked.hold, 2 * interval), TIMER_LIMITS.hold);
    if (interval !== asked.interval || hold !== asked.hold) {
      this.remark(`becomes interval ${interval} hold ${hold}: the hold time is at least twice the interval`);
    }
    return { interval, hold };
  }
}

function checked<V extends string | number>(type: ValueType<V>, text: string | undefined, what: string): V {
  if (text === undefined) throw new Refused(`${what} is missing; the line is left out`);
  const parsed = type.parse(text);
  if (isRefusal(parsed)) throw new Refused(`${what} ${parsed.refused}; the line is left out`);
  return parsed;
}

function addAddress(found: InterfaceConfig, text: string): void {
  const type = text.includes(':') ? values.CIDR6 : values.CIDR4;
  const address = checked(type, text, 'address');
  if (!found.addresses.includes(address)) found.addresses.push(address);
}

function addressOf(text: string | undefined): string {
  return checked(text?.includes(':') ? values.IPV6 : values.IPV4, text, 'address');
}

function policyOf(text: string | undefined): Policy {
  const policy = POLICIES.find((one) => one === text);
  if (policy === undefined) throw new Refused(`there is no policy ${text}; the line is left out`);
  return policy;
}

function clamp(value: number, { min, max }: { min: number; max: number }): number {
  return Math.min(max, Math.max(min, value));
}
