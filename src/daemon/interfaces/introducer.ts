/**
 * The server's end of direct links: keeps the records of clients that want to be introduced, and introduces two of them to
 * each other when frames pass between them by this host.
 */
import { isDeepStrictEqual } from 'node:util';
import type { InterfaceConfig } from '../../api/config.js';
import { ALIVE_STATES } from '../../api/link-states.js';
import { effectiveIntroduce, effectiveSplitHorizon } from '../../config/defaults.js';
import { parsePublicKey } from '../../crypto/keys.js';
import { type IpAddress, unusableHost } from '../../grammar/address.js';
import { compareEndpoints, type Endpoint, MAX_NAME_BYTES } from '../../member/fields.js';
import { MAX_SEEN, type MemberMessage } from '../../member/messages.js';
import { PATH } from '../../native/ops.js';
import { pathAddressBytes } from './addresses.js';
import type { MemberRefusals } from './member-refusals.js';
import { type PeerEntry, pathOf } from './peer-entries.js';
import { peerRecord } from './peer-record.js';

/** Records of one client are taken no more often. */
const RECORD_INTERVAL_US = 200_000;
/** After so long a pair that still talks by this host is introduced again; then the last one again and again. */
const AGAIN_US = [4e6, 30e6, 120e6, 600e6];
/** The same for a pair of which one has another record, as after it was restarted: it may know nothing of the other. */
const ANOTHER_RECORD_US = 1e6;
/** Pairs that are remembered; of more the first ones are forgotten. */
const MAX_PAIRS = 65_536;
/** Members that one was introduced to, which hear when it is no longer welcome. */
const MAX_PARTNERS = 256;

/** A client that wants to be introduced. */
export interface Introducible {
  readonly entry: PeerEntry;
  record: Uint8Array;
  sequence: number;
  takenAt: number;
  /** Names of those that it was introduced to, in turn. */
  readonly partners: Set<string>;
}

/** Two members that were introduced to each other. */
interface Pair {
  at: number;
  times: number;
  /** Sequences of the records that they were given. */
  records: string;
}

interface IntroducerOptions {
  config(): InterfaceConfig;
  /** Microseconds of boot time. */
  now(): number;
  send(peer: PeerEntry, message: MemberMessage): void;
  named(name: string): PeerEntry | undefined;
  /** Whether a key is that of a peer or client that may come. */
  isWelcome(publicKey: Uint8Array): boolean;
  readonly refusals: MemberRefusals;
}

export class Introducer {
  /** Introductions sent. */
  introductions = 0;
  private readonly members = new Map<number, Introducible>();
  private readonly pairs = new Map<string, Pair>();

  constructor(private readonly options: IntroducerOptions) {}

  /** What a client has given in its record; undefined: it has given none. */
  of(entry: PeerEntry): Introducible | undefined {
    return this.members.get(entry.row);
  }

  /** Takes the record of a client. Its session says whose it is: one with another key is refused. */
  record(entry: PeerEntry, bytes: Uint8Array): void {
    const { refusals } = this.options;
    const now = this.options.now();
    const known = this.members.get(entry.row);
    if (known !== undefined && now - known.takenAt < RECORD_INTERVAL_US)
      return refusals.note('record-too-soon', entry);
    if (!effectiveIntroduce(this.options.config(), entry.config))
      return refusals.note('record-not-wanted', entry);
    const record = peerRecord(entry, bytes);
    if (record === null || record.isGone) return refusals.note('record-forged', entry);
    const partners = known?.partners ?? new Set();
    const { sequence } = record;
    this.members.set(entry.row, { entry, record: bytes, sequence, takenAt: now, partners });
    this.options.send(entry, { what: 'taken', sequence, seen: seenOf(entry) });
  }

  /** Frames pass between two clients: they are introduced, unless that was done a short time ago. */
  talk(a: PeerEntry, b: PeerEntry): void {
    const [one, other] = [this.members.get(a.row), this.members.get(b.row)];
    if (one === undefined || other === undefined || !this.mayMeet(a, b) || !this.isDue(one, other)) return;
    this.introduce(one, other);
    this.introduce(other, one);
  }

  /** A client asks whether it may still make links to the member with a key: it may not if that is no longer welcome. */
  question(entry: PeerEntry, publicKey: Uint8Array): void {
    if (!effectiveIntroduce(this.options.config(), entry.config) || !this.options.isWelcome(publicKey)) {
      this.options.send(entry, { what: 'withdrawal', publicKey });
    }
  }

  /** A peer has gone. Those that it was introduced to hear of it if it is no longer welcome. */
  left(entry: PeerEntry): void {
    const member = this.members.get(entry.row);
    this.members.delete(entry.row);
    const publicKey = entry.config.publicKey === undefined ? null : parsePublicKey(entry.config.publicKey);
    if (member === undefined || publicKey === null || this.options.isWelcome(publicKey)) return;
    this.withdraw(member, publicKey);
  }

  /** Another configuration is in force: who may not be introduced any more is withdrawn. */
  configured(): void {
    const config = this.options.config();
    for (const [row, member] of this.members) {
      const { publicKey } = member.entry.config;
      if (effectiveIntroduce(config, member.entry.config) || publicKey === undefined) continue;
      this.members.delete(row);
      this.withdraw(member, parsePublicKey(publicKey));
    }
  }

  private withdraw(member: Introducible, publicKey: Uint8Array): void {
    for (const name of member.partners) {
      const other = this.options.named(name);
      if (other !== undefined) this.options.send(other, { what: 'withdrawal', publicKey });
    }
  }

  private introduce(member: Introducible, to: Introducible): void {
    const { name } = member.entry.config;
    const { partners } = member;
    partners.delete(to.entry.config.name);
    partners.add(to.entry.config.name);
    if (partners.size > MAX_PARTNERS) partners.delete(partners.values().next().value as string);
    this.introductions++;
    const { record } = member;
    this.options.send(to.entry, { what: 'introduction', name, seen: seenOf(member.entry), record });
  }

  /** Whether this host would pass a frame of one on to the other as it is: nobody gets round the switch by an introduction. */
  private mayMeet({ config: a }: PeerEntry, { config: b }: PeerEntry): boolean {
    const parent = this.options.config();
    if (!effectiveIntroduce(parent, a) || !effectiveIntroduce(parent, b)) return false;
    if ([a, b].some(({ name }) => Buffer.byteLength(name) > MAX_NAME_BYTES)) return false;
    const group = effectiveSplitHorizon(a);
    return (group === null || group !== effectiveSplitHorizon(b)) && isDeepStrictEqual(a.vlan, b.vlan);
  }

  private isDue(a: Introducible, b: Introducible): boolean {
    const now = this.options.now();
    const keyOf = ({ entry }: Introducible) => entry.config.publicKey ?? '';
    const [first, second] = keyOf(a) < keyOf(b) ? [a, b] : [b, a];
    const key = `${keyOf(first)} ${keyOf(second)}`;
    const records = `${first.sequence} ${second.sequence}`;
    const last = this.pairs.get(key);
    const times = last?.records === records ? last.times : 0;
    if (
      last !== undefined &&
      now - last.at < (AGAIN_US[Math.min(times, AGAIN_US.length) - 1] ?? ANOTHER_RECORD_US)
    )
      return false;
    this.pairs.delete(key);
    this.pairs.set(key, { at: now, times: times + 1, records });
    if (this.pairs.size > MAX_PAIRS) this.pairs.delete(this.pairs.keys().next().value as string);
    return true;
  }
}

/** Where the links of a client that work come from. */
export function seenOf(entry: PeerEntry): Endpoint[] {
  const seen: Endpoint[] = [];
  for (const link of entry.links.values()) {
    const words = pathOf(link);
    const family = words[PATH.FAMILY];
    if (!ALIVE_STATES.has(link.state) || (family !== 4 && family !== 6) || words[PATH.PORT] === 0) continue;
    const address: IpAddress = { family, bytes: [...pathAddressBytes(words)] };
    if (unusableHost(address) !== null) continue;
    seen.push({ link: link.config.id, address, port: words[PATH.PORT] });
  }
  return seen.sort(compareEndpoints).slice(0, MAX_SEEN);
}
