/** One member of a network: what was said under its public key, and whether that is proven to be its own word. */
import type { Endpoint } from './fields.js';
import type { MemberRecord } from './record.js';

/** Signing keys under which something is kept of a member, while none is proven to be its own. */
const MAX_SIGNERS = 4;

/** The latest record under one signing key. */
export interface Statement {
  record: MemberRecord;
  bytes: Uint8Array;
  /** Base64 of its signing key. */
  signer: string;
}

/**
 * Whoever can write where records are kept can put one there in the name of another, with a signing key of its own. So all
 * are kept until a session has proven which one is right: an end that none but the holder of the public key can answer at
 * costs a few datagrams, and a true record that was not taken would cost the way to that member.
 */
export class Member {
  /** The first one that came comes first; when one is proven, it is the only one. */
  statements: readonly Statement[];
  private isSure = false;

  /** `key`: base64 of its public key. */
  constructor(
    readonly key: string,
    first: Statement,
  ) {
    this.statements = [first];
  }

  /** The record that counts. */
  get record(): MemberRecord {
    return this.statements[0].record;
  }

  /** Whether a session has proven that the record was signed by the holder of the public key. */
  get isProven(): boolean {
    return this.isSure;
  }

  /** It has left, by its own word or, while none is proven, by all of them. */
  get isGone(): boolean {
    return this.statements.every(({ record }) => record.isGone);
  }

  /** Where it may be, the likeliest place first. */
  get endpoints(): Endpoint[] {
    return this.statements.flatMap(({ record }) => record.endpoints);
  }

  signedBy(signer: string): Statement | undefined {
    return this.statements.find((known) => known.signer === signer);
  }

  /** Takes what is newer than what is known under this signing key; false when another one is proven, or there are too many. */
  take(statement: Statement): boolean {
    const at = this.statements.findIndex(({ signer }) => signer === statement.signer);
    if (at < 0 && (this.isSure || this.statements.length === MAX_SIGNERS)) return false;
    this.statements = at < 0 ? [...this.statements, statement] : this.statements.with(at, statement);
    return true;
  }

  /** Its session says that this is its own word. Returns whether that is news. */
  prove(statement: Statement): boolean {
    const isNews = !this.isSure || this.statements[0] !== statement;
    this.isSure = true;
    this.statements = [statement];
    return isNews;
  }
}
