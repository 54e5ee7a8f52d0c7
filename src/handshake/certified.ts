/** Whom certificates admit. Pure: from what a host shows, and what is configured, to a client or a refusal. */
import type { AuthorityConfig } from '../api/config.js';
import type { Primitives } from '../crypto/primitives.js';
import { type MemberCertificate, readCertificate } from '../member/certificate.js';
import type { JoinRequest } from '../member/join-messages.js';
import { type Client, MAX_CLIENTS } from './client.js';
import { asKey } from './recent-set.js';

/** Clocks of hosts may differ so far before a certificate is taken for one that does not hold yet, in milliseconds. */
const CLOCK_DIFFERENCE_MS = 300_000;

/** A client that came by a certificate. */
export interface CertifiedClient extends Client {
  /** Base64. */
  readonly authority: string;
  readonly issuedMs: number;
  readonly groups: readonly string[];
}

/** By what certificates are judged. */
export interface CertificateRules {
  authorities: readonly AuthorityConfig[];
  /** Base64. */
  revokedKeys: readonly string[];
  nowMs: number;
}

/**
 * What a host shows, as a client, or a sentence why it is none. `key`: the public key that it has proved to hold, which must be that
 * of the certificate: nobody comes by another's.
 */
export function judgeCertificate(
  primitives: Primitives,
  key: Uint8Array,
  { certificate: text, publicKey }: JoinRequest,
  rules: CertificateRules,
): CertifiedClient | string {
  const certificate = readCertificate(primitives, text ?? '');
  if (certificate === null) return 'it cannot be read, or its signature is wrong';
  const proved = Buffer.from(key).toString('base64');
  const named = Buffer.from(certificate.publicKey).toString('base64');
  if (named !== proved || publicKey !== proved) return 'it belongs to another key than that of who shows it';
  return clientOf(certificate, rules);
}

/** Those who came by certificates, by key and by name. A change of one costs the same however many there are. */
export class CertifiedTable {
  private readonly byKey = new Map<string, CertifiedClient>();
  private readonly byName = new Map<string, CertifiedClient>();
  private listed: readonly CertifiedClient[] | null = null;

  get size(): number {
    return this.byKey.size;
  }

  withKey(key: string): CertifiedClient | undefined {
    return this.byKey.get(key);
  }

  named(name: string): CertifiedClient | undefined {
    return this.byName.get(name);
  }

  all(): readonly CertifiedClient[] {
    this.listed ??= [...this.byKey.values()];
    return this.listed;
  }

  /**
   * Takes a client in. Of two certificates of one name or one key the one that was issued later counts. Returns who had the name and
   * has to go, or null; a sentence when the client cannot be taken in.
   */
  enlist(client: CertifiedClient, nowMs: number): CertifiedClient | null | string {
    const known = this.byKey.get(client.key);
    if (known !== undefined && known.issuedMs > client.issuedMs) return null;
    const holder = this.byName.get(client.name);
    const isTaken = holder !== undefined && holder.key !== client.key;
    if (isTaken && holder.issuedMs >= client.issuedMs && !hasExpired(holder, nowMs))
      return 'another key has its name, by a certificate that is no older';
    if (known === undefined && !isTaken && this.size >= MAX_CLIENTS)
      return `there are ${MAX_CLIENTS} clients already`;
    if (isTaken) this.remove(holder);
    if (known !== undefined) this.remove(known);
    this.put(known === undefined ? client : { ...client, memory: known.memory });
    return isTaken ? holder : null;
  }

  /** Other rules hold: who is not admitted any more goes, and the rest get the template that they say. */
  judgeAgain(rules: CertificateRules): void {
    for (const client of this.all()) {
      const terms = problemOf(client, rules) === null ? termsOf(client, rules) : undefined;
      this.remove(client);
      if (terms === undefined) continue;
      const { template: _, ...rest } = client;
      this.put({ ...rest, ...templateOf(terms) });
    }
  }

  private put(client: CertifiedClient): void {
    this.byKey.set(client.key, client);
    this.byName.set(client.name, client);
    this.listed = null;
  }

  private remove({ key, name }: CertifiedClient): void {
    this.byKey.delete(key);
    this.byName.delete(name);
    this.listed = null;
  }
}

function clientOf(certificate: MemberCertificate, rules: CertificateRules): CertifiedClient | string {
  const { name, issuedMs, expiresMs, groups } = certificate;
  const authority = Buffer.from(certificate.authority).toString('base64');
  const client: CertifiedClient = {
    name,
    key: asKey(certificate.publicKey),
    line: 0,
    expiresMs,
    memory: { lastTimestamp: -1 },
    authority,
    issuedMs,
    groups,
  };
  const problem = problemOf(client, rules);
  if (problem !== null) return problem;
  const terms = termsOf(client, rules);
  if (terms === undefined) {
    return rules.authorities.some((one) => one.key === authority)
      ? `none of its groups (${groups.join(', ') || 'it has none'}) is admitted`
      : 'its authority is not known here';
  }
  return { ...client, ...templateOf(terms) };
}

function problemOf(client: CertifiedClient, { revokedKeys, nowMs }: CertificateRules): string | null {
  if (revokedKeys.includes(Buffer.from(client.key, 'latin1').toString('base64')))
    return 'its key was revoked';
  if (client.issuedMs > nowMs + CLOCK_DIFFERENCE_MS) return 'it does not hold yet: compare the clocks';
  return hasExpired(client, nowMs) ? 'it has expired' : null;
}

function hasExpired({ expiresMs }: CertifiedClient, nowMs: number): boolean {
  return expiresMs !== undefined && expiresMs <= nowMs;
}

/** The first line about its authority that asks for no group, or for one that it has. */
function termsOf(
  { authority, groups }: CertifiedClient,
  { authorities }: CertificateRules,
): AuthorityConfig | undefined {
  return authorities.find(
    ({ key, group }) => key === authority && (group === undefined || groups.includes(group)),
  );
}

function templateOf({ template }: AuthorityConfig): { template?: string } {
  return template === undefined ? {} : { template };
}
