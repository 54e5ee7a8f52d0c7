/**
 * The client's end of direct links: gives its record to servers that may introduce it, and makes peers of those that they
 * introduce. A direct peer that cannot be reached directly is given up after a while; the way by the server has stayed.
 */
import type { InterfaceConfig, PeerConfig } from '../../api/config.js';
import { ALIVE_STATES } from '../../api/link-states.js';
import { PEER, PEER_WIDTH } from '../../contract/stats.js';
import { formatPublicKey } from '../../crypto/keys.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import type { Endpoint } from '../../member/fields.js';
import type { MemberMessage } from '../../member/messages.js';
import { type MemberRecord, readRecord } from '../../member/record.js';
import type { Datapath } from './datapath.js';
import { directPeer, endsOf, isRelayLink } from './direct-peer.js';
import type { MemberReason, MemberRefusals } from './member-refusals.js';
import type { OwnRecord } from './own-record.js';
import type { LinkEntry, PeerEntries, PeerEntry } from './peer-entries.js';
import type { PeerSetup } from './peer-setup.js';

/** Direct peers of an interface at once. */
const MAX_DIRECTS = 64;
/** For so long a direct link is sought, one that never was and one that is lost. */
const SOUGHT_US = 20e6;
const LOST_US = 60e6;
/** One that could not be had is not sought again for so long, then twice as long, up to the last. */
const REFUSED_US = 60e6;
const REFUSED_LONGEST_US = 3600e6;
/** Members remembered for that. */
const MAX_REFUSED = 1024;
/** A direct peer to and from which no frame has passed for so long is given up. */
const IDLE_US = 600e6;
/** The server is asked so often whether a direct peer is still welcome. */
const QUESTION_US = 60e6;
/** A record is sent until the server has taken it, at first after so long and later ever more rarely. */
const REPEAT_US = 1e6;
const REPEAT_LONGEST_US = 30e6;
/** A peer that is left may still be heard for so long: what it has sent is under way. */
const LINGER_MS = 2000;

/** A peer that a server has introduced. */
export interface DirectPeer {
  entry: PeerEntry;
  record: MemberRecord;
  seen: Endpoint[];
  server: string;
  /** Microseconds of boot time: when what was said of it ends, when it was made, last reached directly, last busy. */
  until: number;
  since: number;
  reachedAt: number | null;
  busyAt: number;
  askedAt: number;
  /** Frames to and from it, when it was last looked at. */
  frames: number;
  /** Links that were up before: those keep the pace that is configured. */
  readonly proven: Set<number>;
}

/** A server that may introduce us. */
interface Server {
  /** Number of the record that it has taken. */
  taken: number;
  /** Where it sees us. */
  seen: Endpoint[];
  sendAt: number;
  wait: number;
}

interface IntroductionsOptions {
  peers: PeerEntries;
  datapath: Datapath;
  setup: PeerSetup;
  record: OwnRecord;
  config(): InterfaceConfig;
  keys(): KeyPair;
  now(): number;
  send(peer: PeerEntry, message: MemberMessage): void;
  /** Whether a peer has this key already. */
  hasKey(publicKey: Uint8Array): boolean;
  readonly refusals: MemberRefusals;
}

export class Introductions {
  private readonly directs = new Map<string, DirectPeer>();
  private readonly servers = new Map<string, Server>();
  private readonly refused = new Map<string, { until: number; times: number }>();
  private readonly lingering = new Set<NodeJS.Timeout>();

  constructor(private readonly options: IntroductionsOptions) {}

  /** What is known of a direct peer; undefined: it is none. */
  of({ config }: PeerEntry): DirectPeer | undefined {
    return this.directs.get(config.name);
  }

  close(): void {
    for (const timer of this.lingering) clearTimeout(timer);
    this.lingering.clear();
  }

  // --- our record -----------------------------------------------------------------------------------

  /** A peer has come up, or has another session: if it is a server of ours, it may know nothing of us. */
  reached({ config, up }: PeerEntry): void {
    if (config.direct === undefined || !up) return;
    const server = this.serverNamed(config.name);
    server.taken = -1;
    server.wait = REPEAT_US;
    server.sendAt = this.options.now();
    this.sendRecords();
  }

  private sendRecords(): void {
    const entries = this.serverEntries();
    if (entries.length === 0) return;
    const now = this.options.now();
    const { bytes, sequence } = this.options.record.get(
      this.options.keys(),
      entries.flatMap(({ links }) => links.values()),
    );
    for (const entry of entries) {
      const server = this.serverNamed(entry.config.name);
      if (!entry.up || server.taken === sequence || now < server.sendAt) continue;
      server.sendAt = now + server.wait;
      server.wait = Math.min(server.wait * 2, REPEAT_LONGEST_US);
      this.options.send(entry, { what: 'record', record: bytes });
    }
  }

  /** A server has taken a record of ours. */
  taken(entry: PeerEntry, sequence: number, seen: Endpoint[]): void {
    if (entry.config.direct === undefined) return;
    const server = this.serverNamed(entry.config.name);
    server.taken = sequence;
    server.seen = seen;
    server.wait = REPEAT_US;
  }

  private serverNamed(name: string): Server {
    const known = this.servers.get(name) ?? { taken: -1, seen: [], sendAt: 0, wait: REPEAT_US };
    this.servers.set(name, known);
    return known;
  }

  /** Those of the configuration: few, whoever else is a peer. */
  private serverEntries(): PeerEntry[] {
    return this.options
      .config()
      .peers.filter(({ direct }) => direct !== undefined)
      .map(({ name }) => this.options.peers.get(name))
      .filter((entry) => entry !== undefined);
  }

  // --- introductions --------------------------------------------------------------------------------

  /** A server introduces a member, for the first time or again. */
  introduced(server: PeerEntry, said: Extract<MemberMessage, { what: 'introduction' }>): void {
    const { refusals } = this.options;
    if (server.config.direct === undefined) return refusals.note('not-a-server', server);
    const record = readRecord(sodiumPrimitives, said.record);
    if (record === null || record.isGone) return refusals.note('introduction-forged', server);
    const key = formatPublicKey(record.publicKey);
    const known = this.directs.get(key);
    if (known !== undefined) return this.again(known, server, { record, seen: said.seen });
    const reason = this.objection(key, said.name, record);
    if (reason !== null) refusals.note(reason, server);
    else if (!this.add(key, said.name, server, { record, seen: said.seen }))
      refusals.note('member-without-way', server);
  }

  /** Why a member does not become a direct peer; null: it may. */
  private objection(key: string, name: string, { publicKey }: MemberRecord): MemberReason | null {
    const { peers, hasKey, keys, now } = this.options;
    if (sodiumPrimitives.equal(publicKey, keys().publicKey) || hasKey(publicKey)) return 'member-known';
    if (peers.get(name) !== undefined) return 'member-name-taken';
    if ((this.refused.get(key)?.until ?? 0) > now()) return 'member-not-reached';
    return this.directs.size < MAX_DIRECTS ? null : 'members-full';
  }

  /** Makes a direct peer of a member. Returns whether it has a link that could be tried. */
  private add(
    key: string,
    name: string,
    server: PeerEntry,
    { record, seen }: Pick<DirectPeer, 'record' | 'seen'>,
  ): boolean {
    const now = this.options.now();
    const proven = new Set<number>();
    const entry = this.setUp(name, server, { record, seen, proven });
    if (entry === null) return false;
    this.directs.set(key, {
      entry,
      record,
      seen,
      server: server.config.name,
      until: now + record.lifetimeS * 1e6,
      since: now,
      reachedAt: null,
      busyAt: now,
      askedAt: now,
      frames: 0,
      proven,
    });
    return true;
  }

  /** Makes the peer and its links, or brings them up to date; null where it has no link that could be tried. */
  private setUp(
    name: string,
    server: PeerEntry,
    { record, seen, proven }: Pick<DirectPeer, 'record' | 'seen' | 'proven'>,
  ): PeerEntry | null {
    const ends = endsOf(server.config, { record, seen, ownSeen: this.serverNamed(server.config.name).seen });
    if (ends.size === 0) return null;
    const parent = this.options.config();
    const publicKey = formatPublicKey(record.publicKey);
    const config: PeerConfig = directPeer(parent, server.config, { name, publicKey, ends, proven });
    try {
      return this.options.setup.setIntroduced(config, { server: server.config.name, ends }, parent);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  /** What the server says of one that is a peer already. That it says it again means that frames still go by the server. */
  private again(direct: DirectPeer, server: PeerEntry, said: Pick<DirectPeer, 'record' | 'seen'>): void {
    if (direct.server !== server.config.name) return;
    direct.record = said.record;
    direct.seen = said.seen;
    direct.until = this.options.now() + said.record.lifetimeS * 1e6;
    this.setUp(direct.entry.config.name, server, direct);
    this.options.datapath.send({ kind: 'announce', peer: direct.entry.row, isAgain: true });
  }

  // --- their life -----------------------------------------------------------------------------------

  /** A link has changed. */
  linkChanged(entry: PeerEntry, link: LinkEntry): void {
    if (entry.introduction === null || isRelayLink(link.config) || !ALIVE_STATES.has(link.state)) return;
    const direct = this.directs.get(entry.config.publicKey ?? '');
    if (direct === undefined) return;
    direct.reachedAt = this.options.now();
    this.refused.delete(entry.config.publicKey ?? '');
    const server = this.options.peers.get(direct.server);
    if (direct.proven.has(link.config.id) || server === undefined) return;
    direct.proven.add(link.config.id);
    this.setUp(entry.config.name, server, direct);
  }

  /** A direct peer leaves: so do we. */
  goodbye(entry: PeerEntry): void {
    if (isDirect(entry)) this.remove(entry);
  }

  /** A server says that a member is not welcome any more. */
  withdrawn(server: PeerEntry, publicKey: Uint8Array): void {
    const direct = this.directs.get(formatPublicKey(publicKey));
    if (direct !== undefined && direct.server === server.config.name) this.leave(direct);
  }

  /** Peers of the configuration get their names and keys from direct peers. */
  giveWay(peers: readonly PeerConfig[]): void {
    if (this.directs.size === 0 && this.lingering.size === 0) return;
    for (const { name, publicKey } of peers) {
      const named = this.options.peers.get(name);
      const keyed = publicKey === undefined ? undefined : this.directs.get(publicKey)?.entry;
      for (const entry of [named, keyed]) {
        if (entry !== undefined && isDirect(entry)) this.remove(entry);
      }
    }
  }

  /** Another configuration is in force. */
  configured(): void {
    for (const direct of [...this.directs.values()]) {
      const server = this.options.peers.get(direct.server);
      const isThere = server?.config.direct !== undefined;
      if (!isThere || this.setUp(direct.entry.config.name, server, direct) === null) this.leave(direct);
    }
    for (const name of this.servers.keys()) {
      if (this.options.peers.get(name)?.config.direct === undefined) this.servers.delete(name);
    }
  }

  /** To be called about once a second. */
  tick(): void {
    this.sendRecords();
    const now = this.options.now();
    for (const direct of [...this.directs.values()]) this.review(direct, now);
  }

  private review(direct: DirectPeer, now: number): void {
    const { entry, server } = direct;
    const isReached = [...entry.links.values()].some(
      ({ config, state }) => !isRelayLink(config) && ALIVE_STATES.has(state),
    );
    if (isReached) direct.reachedAt = now;
    const at = entry.row * PEER_WIDTH;
    const counters = this.options.datapath.stats.peers;
    const frames = (counters[at + PEER.txFrames] ?? 0) + (counters[at + PEER.rxFrames] ?? 0);
    if (frames !== direct.frames) direct.busyAt = now;
    direct.frames = frames;
    const { reachedAt, since } = direct;
    if (reachedAt === null ? now - since > SOUGHT_US : now - reachedAt > LOST_US) {
      this.refuse(entry.config.publicKey ?? '', now);
      this.leave(direct);
    } else if (now > direct.until || now - direct.busyAt > IDLE_US) this.leave(direct);
    else if (now - direct.askedAt > QUESTION_US) {
      direct.askedAt = now;
      const asked = this.options.peers.get(server);
      const { publicKey } = direct.record;
      if (asked !== undefined) this.options.send(asked, { what: 'question', publicKey });
    }
  }

  private refuse(key: string, now: number): void {
    const times = (this.refused.get(key)?.times ?? 0) + 1;
    const wait = Math.min(REFUSED_US * 2 ** (times - 1), REFUSED_LONGEST_US);
    this.refused.delete(key);
    this.refused.set(key, { until: now + wait, times });
    if (this.refused.size > MAX_REFUSED) this.refused.delete(this.refused.keys().next().value as string);
  }

  /** Frames go by the server from now on; what the peer has sent before it hears of it still arrives. */
  private leave({ entry }: DirectPeer): void {
    this.directs.delete(entry.config.publicKey ?? '');
    this.options.datapath.send({ kind: 'goodbye', peer: entry.row });
    const timer = setTimeout(() => {
      this.lingering.delete(timer);
      this.remove(entry);
    }, LINGER_MS);
    this.lingering.add(timer);
  }

  private remove(entry: PeerEntry): void {
    const { peers, setup } = this.options;
    if (peers.atRow(entry.row) !== entry) return;
    this.directs.delete(entry.config.publicKey ?? '');
    setup.removeIntroduced(entry);
  }
}

/** Whether a server has introduced a peer. */
function isDirect({ introduction }: PeerEntry): boolean {
  return introduction !== null && introduction.server !== null;
}
