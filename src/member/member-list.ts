/**
 * What is known of the members of a network from records that came by any way: for each key the latest record, and who
 * was revoked. A record that is no longer there changes nothing: only records remove.
 *
 * The first signing key that a public key comes with is taken for that of its holder, and kept.
 */
import type { Primitives } from '../crypto/primitives.js';
import { claimedKey, type MemberRecord, readRecord } from './record.js';

/** Members, and revocations, that are kept. */
const MAX_MEMBERS = 2048;
const MAX_REVOCATIONS = 4096;

/** A member, or one that has left (`record.isGone`). */
export interface Member {
  /** Base64 of its public key. */
  key: string;
  record: MemberRecord;
  bytes: Uint8Array;
}

/** Why a record changes nothing, or what it has changed. */
export type Taken =
  | 'changed'
  | 'same'
  | 'not-a-record'
  | 'older'
  | 'expired'
  | 'another-signing-key'
  | 'unknown-revoker'
  | 'too-many';

interface Revocation {
  /** Base64 of the signing key of whoever revoked it. */
  by: string;
  name: string;
  bytes: Uint8Array;
}

interface MemberListOptions {
  primitives: Primitives;
  /** Base64 of signing keys that may revoke others. */
  revokers(): readonly string[];
  /** Milliseconds since 1970. */
  nowMs(): number;
}

export class MemberList {
  private readonly members = new Map<string, Member>();
  private readonly revocations = new Map<string, Revocation>();

  constructor(private readonly options: MemberListOptions) {}

  get size(): number {
    return this.members.size;
  }

  all(): IterableIterator<Member> {
    return this.members.values();
  }

  get(key: string): Member | undefined {
    return this.members.get(key);
  }

  /** Whether anybody was revoked at all. */
  get hasRevocations(): boolean {
    return this.revocations.size > 0;
  }

  /** Whether somebody who may do so has revoked a key. */
  isRevoked(key: string): boolean {
    const found = this.revocations.get(key);
    return found !== undefined && this.options.revokers().includes(found.by);
  }

  /** Revocations signed with a key, with the keys that they revoke. */
  revokedBy(signingKey: string): { key: string; bytes: Uint8Array }[] {
    return [...this.revocations]
      .filter(([, { by }]) => by === signingKey)
      .map(([key, { bytes }]) => ({ key, bytes }));
  }

  /** What is in force, with the names that the revocations give. */
  revoked(): { key: string; name: string }[] {
    return [...this.revocations]
      .filter(([key]) => this.isRevoked(key))
      .map(([key, { name }]) => ({ key, name }));
  }

  /** Records that say all of this again to an empty list. */
  records(): Uint8Array[] {
    return [...this.members.values(), ...this.revocations.values()].map(({ bytes }) => bytes);
  }

  /** Takes a record. `isKept`: it was taken before and may have become old meanwhile. */
  take(bytes: Uint8Array, isKept = false): Taken {
    // What came before byte by byte needs no second look at its signature.
    const known = this.sameBytes(bytes);
    if (known) return 'same';
    const record = readRecord(this.options.primitives, bytes);
    if (record === null) return 'not-a-record';
    const key = base64(record.publicKey);
    const before = this.members.get(key);
    const by = base64(record.signingKey);
    if (before !== undefined && base64(before.record.signingKey) !== by) {
      return record.isGone ? this.revoke(key, by, record, bytes) : 'another-signing-key';
    }
    if (before === undefined && record.isGone) return this.revoke(key, by, record, bytes);
    if (before !== undefined && record.sequence <= before.record.sequence) return 'older';
    if (before === undefined && !isKept && this.isExpired(record)) return 'expired';
    if (before === undefined && this.members.size >= MAX_MEMBERS) return 'too-many';
    this.members.set(key, { key, record, bytes: Uint8Array.from(bytes) });
    return 'changed';
  }

  /** Whether the time is over for which a record holds. */
  isExpired({ signedMs, lifetimeS }: MemberRecord): boolean {
    return this.options.nowMs() > signedMs + lifetimeS * 1000;
  }

  /** Forgets a member; a later record brings it back. */
  forget(key: string): void {
    this.members.delete(key);
  }

  private revoke(key: string, by: string, { name }: MemberRecord, bytes: Uint8Array): Taken {
    if (!this.options.revokers().includes(by)) return 'unknown-revoker';
    if (this.isRevoked(key)) return 'same';
    if (this.revocations.size >= MAX_REVOCATIONS && !this.revocations.has(key)) return 'too-many';
    this.revocations.set(key, { by, name, bytes: Uint8Array.from(bytes) });
    return 'changed';
  }

  private sameBytes(bytes: Uint8Array): boolean {
    const key = base64(claimedKey(bytes));
    const same = (known?: { bytes: Uint8Array }) =>
      known !== undefined && Buffer.compare(known.bytes, bytes) === 0;
    return same(this.members.get(key)) || same(this.revocations.get(key));
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
