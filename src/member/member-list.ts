/**
 * What is known of the members of a network from records that came by any way: for each key the latest record, and who
 * was revoked. A record that is no longer there changes nothing: only records remove.
 */
import type { Primitives } from '../crypto/primitives.js';
import { Member, type Statement } from './member.js';
import { claimedKey, type MemberRecord, readRecord } from './record.js';

/** Members, and revocations, that are kept. */
const MAX_MEMBERS = 2048;
const MAX_REVOCATIONS = 4096;

/**
 * How a record came. `session`: in one with the holder of its public key, which proves that the signing key belongs to that;
 * `registry`: from a place where others may write; `file`: it was taken before and may have become old meanwhile.
 */
export type Source = 'session' | 'registry' | 'file';

/** Why a record changes nothing, or what it has changed. */
export type Taken =
  | 'changed'
  | 'same'
  | 'not-a-record'
  | 'older'
  | 'expired'
  | 'another-signing-key'
  | 'unknown-revoker'
  | 'unknown-member'
  | 'too-many';

interface Revocation {
  /** Base64 of the signing key of whoever revoked it. */
  by: string;
  name: string;
  sequence: number;
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

  /** Records that say all of this again to an empty list, but for who has left and what is proven. */
  records(): Uint8Array[] {
    const known = [...this.members.values()].flatMap(({ statements }) => statements);
    const present = known.filter(({ record }) => !record.isGone);
    return [...present, ...this.revocations.values()].map(({ bytes }) => bytes);
  }

  /** Takes a record. Of one from a session the caller has seen that its public key is that of the session. */
  take(bytes: Uint8Array, source: Source): Taken {
    // What came before byte by byte needs no second look at its signature.
    if (source !== 'session' && this.isThere(bytes)) return 'same';
    const record = readRecord(this.options.primitives, bytes);
    if (record === null) return 'not-a-record';
    const key = base64(record.publicKey);
    const signer = base64(record.signingKey);
    const member = this.members.get(key);
    const before = member?.signedBy(signer);
    const statement = { record, bytes: Uint8Array.from(bytes), signer };
    if (source === 'session') return member === undefined ? 'unknown-member' : prove(member, statement);
    if (before === undefined && record.isGone) return this.revoke(key, signer, { record, bytes });
    if (!record.isGone) this.comesBack(key, signer, record.sequence);
    if (before !== undefined && record.sequence <= before.record.sequence) return 'older';
    if (before === undefined && source === 'registry' && this.isOver(record)) return 'expired';
    if (member === undefined) return this.add(new Member(key, statement));
    return member.take(statement) ? 'changed' : 'another-signing-key';
  }

  /** Whether the time is over for which all that is known of a member holds. */
  isExpired({ statements }: Member): boolean {
    return statements.every(({ record }) => this.isOver(record));
  }

  /** Which signing key is proven for which public key. */
  proven(): { key: string; signer: string }[] {
    return [...this.members.values()]
      .filter(({ isProven }) => isProven)
      .map(({ key, statements: [{ signer }] }) => ({ key, signer }));
  }

  /** As `proven` said earlier, once the records are there. */
  wasProven(key: string, signer: string): void {
    const member = this.members.get(key);
    const statement = member?.signedBy(signer);
    if (statement !== undefined) member?.prove(statement);
  }

  /** Forgets a member; a later record brings it back. */
  forget(key: string): void {
    this.members.delete(key);
  }

  private add(member: Member): Taken {
    if (this.members.size >= MAX_MEMBERS) return 'too-many';
    this.members.set(member.key, member);
    return 'changed';
  }

  private isOver({ signedMs, lifetimeS }: MemberRecord): boolean {
    return this.options.nowMs() > signedMs + lifetimeS * 1000;
  }

  private revoke(key: string, by: string, { record, bytes }: Omit<Statement, 'signer'>): Taken {
    if (!this.options.revokers().includes(by)) return 'unknown-revoker';
    if (this.isRevoked(key)) return 'same';
    if (this.revocations.size >= MAX_REVOCATIONS && !this.revocations.has(key)) return 'too-many';
    const { name, sequence } = record;
    this.revocations.set(key, { by, name, sequence, bytes: Uint8Array.from(bytes) });
    return 'changed';
  }

  /** One that may revoke and has said of itself that it is gone had only left, if it says something later. */
  private comesBack(key: string, signer: string, sequence: number): void {
    const revocation = this.revocations.get(key);
    if (revocation?.by === signer && sequence > revocation.sequence) this.revocations.delete(key);
  }

  private isThere(bytes: Uint8Array): boolean {
    const key = base64(claimedKey(bytes));
    const isSame = (known: { bytes: Uint8Array }) => Buffer.compare(known.bytes, bytes) === 0;
    const revocation = this.revocations.get(key);
    return (
      this.members.get(key)?.statements.some(isSame) === true ||
      (revocation !== undefined && isSame(revocation))
    );
  }
}

/** Who is a member, and who has left, is said where records are kept: a session only says which of them are true. */
function prove(member: Member, statement: Statement): Taken {
  const before = member.signedBy(statement.signer);
  const isNewer = before === undefined || statement.record.sequence > before.record.sequence;
  const proven = isNewer && !member.isGone ? statement : before;
  if (proven === undefined) return 'unknown-member';
  return member.prove(proven) ? 'changed' : 'same';
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
