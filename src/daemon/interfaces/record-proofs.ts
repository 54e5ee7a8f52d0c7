/**
 * Members of a registry prove to each other whose signing keys theirs are: each gives its record to each other one in the
 * session with it, until that has it. A session is with the holder of a public key; a place where records are kept is not.
 */
import type { MemberMessage } from '../../member/messages.js';
import { CAPABILITY } from '../../wire/capabilities.js';
import type { SessionInfo } from './handshakes.js';
import type { MemberRefusals } from './member-refusals.js';
import type { PeerEntry } from './peer-entries.js';
import { peerRecord } from './peer-record.js';

/** Records of one peer are taken no more often. */
const INTERVAL_US = 200_000;
/** A record is sent until the peer has it, at first after so long and later ever more rarely. */
const REPEAT_US = 1e6;
const REPEAT_LONGEST_US = 30e6;
/** Records sent with one tick: a thousand peers need not have a new one at once. */
const MOST_A_TICK = 128;

/** What was given to a peer in one session. */
interface Given {
  session: SessionInfo;
  /** Number of the record that it has. */
  taken: number;
  sendAt: number;
  wait: number;
}

interface RecordProofsOptions {
  peers(): Iterable<PeerEntry>;
  sessionOf(row: number): SessionInfo | null;
  /** Microseconds of boot time. */
  now(): number;
  send(peer: PeerEntry, message: MemberMessage): void;
  /** What this host says of itself; null: it is no member. */
  own(): { bytes: Uint8Array; sequence: number } | null;
  /** Takes the record of a peer, whose own word it is; false when the registry knows no such member, or not yet. */
  proof(record: Uint8Array): boolean;
  readonly refusals: MemberRefusals;
}

export class RecordProofs {
  private readonly given = new Map<number, Given>();
  private readonly takenAt = new Map<number, number>();

  constructor(private readonly options: RecordProofsOptions) {}

  /** To be called about once a second. */
  tick(): void {
    const own = this.options.own();
    if (own === null) return this.given.clear();
    let sent = 0;
    for (const entry of this.options.peers()) {
      if (sent < MOST_A_TICK && this.give(entry, own)) sent++;
    }
  }

  /** A peer has come up, or has a session. */
  reached(entry: PeerEntry): void {
    const own = this.options.own();
    if (own !== null) this.give(entry, own);
  }

  /** A peer has gone. */
  left({ row }: PeerEntry): void {
    this.given.delete(row);
    this.takenAt.delete(row);
  }

  /** A peer says which record of ours it has. */
  proven({ row }: PeerEntry, sequence: number): void {
    const given = this.given.get(row);
    if (given === undefined) return;
    given.taken = sequence;
    given.wait = REPEAT_US;
  }

  /** A peer gives its record: one with another key than its session is not its own, and refused. */
  proof(entry: PeerEntry, bytes: Uint8Array): void {
    const { refusals } = this.options;
    const now = this.options.now();
    if (this.options.own() === null) return refusals.note('record-not-wanted', entry);
    if (now - (this.takenAt.get(entry.row) ?? Number.NEGATIVE_INFINITY) < INTERVAL_US)
      return refusals.note('record-too-soon', entry);
    this.takenAt.set(entry.row, now);
    const record = peerRecord(entry, bytes);
    if (record === null) return refusals.note('record-forged', entry);
    // Without an answer it comes again: the registry may be slower than the session.
    if (!this.options.proof(bytes)) return refusals.note('record-not-wanted', entry);
    this.options.send(entry, { what: 'proven', sequence: record.sequence });
  }

  private give(entry: PeerEntry, { bytes, sequence }: { bytes: Uint8Array; sequence: number }): boolean {
    const session = entry.up ? this.options.sessionOf(entry.row) : null;
    if (session === null || (session.capabilities & CAPABILITY.MEMBER_RECORDS) === 0) return false;
    const now = this.options.now();
    let given = this.given.get(entry.row);
    if (given?.session !== session) given = { session, taken: -1, sendAt: now, wait: REPEAT_US };
    this.given.set(entry.row, given);
    if (given.taken === sequence || now < given.sendAt) return false;
    given.sendAt = now + given.wait;
    given.wait = Math.min(given.wait * 2, REPEAT_LONGEST_US);
    this.options.send(entry, { what: 'proof', record: bytes });
    return true;
  }
}
