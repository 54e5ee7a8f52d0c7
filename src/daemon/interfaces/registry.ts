/**
 * The registry of an interface: publishes the member record of this host, and makes peers of the records of others.
 *
 * The registry may vanish and nothing moves. Only records remove a peer, never their absence. Where a peer is heard from
 * wins over where its record says it is. What is known outlives a restart.
 */
import { isDeepStrictEqual } from 'node:util';
import type { InterfaceConfig, PeerConfig, RegistryConfig } from '../../api/config.js';
import type { MemberStanding } from '../../api/registry.js';
import { defaultPrefix } from '../../config/registry-commands.js';
import { formatPublicKey } from '../../crypto/keys.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { ipKey, isLinkLocal, isLoopback } from '../../grammar/address.js';
import type { Member } from '../../member/member.js';
import { MemberList } from '../../member/member-list.js';
import { memberSigningKeys, signRecord } from '../../member/record.js';
import { type Entry, Follower } from '../registry/follower.js';
import { formatAddress } from './addresses.js';
import type { Clients } from './clients.js';
import type { Datapath } from './datapath.js';
import { OwnRecord } from './own-record.js';
import type { Introduction, PeerEntries, PeerEntry } from './peer-entries.js';
import type { PeerSetup } from './peer-setup.js';
import { RegistryFile } from './registry-file.js';
import { openGateway } from './registry-terms.js';

/** A revocation holds for good; its record says as long as a record can. */
const REVOCATION_S = 7 * 86_400;

interface RegistryOptions {
  name: string;
  stateFolder: string;
  peers: PeerEntries;
  datapath: Datapath;
  setup: PeerSetup;
  clients: Clients;
  config(): InterfaceConfig;
  keys(): KeyPair;
  hasKey(publicKey: Uint8Array): boolean;
  /** Something is not as it should be, in a sentence. */
  warn(message: string): void;
  /** A member came, changed, left or was revoked. */
  told(member: string, what: 'joined' | 'left' | 'revoked'): void;
}

export class Registry {
  readonly list: MemberList;
  /** Records that were not taken, by reason. */
  readonly refused = new Map<string, number>();
  follower: Follower | null = null;
  private running: RegistryConfig | null = null;
  private readonly own: OwnRecord;
  private readonly file: RegistryFile;
  private readonly entries = new Map<string, PeerEntry>();
  private signingKey: { of: Uint8Array; key: string } | null = null;
  private published: { of: Uint8Array; entry: Entry } | null = null;
  private lastError: string | null = null;

  constructor(private readonly options: RegistryOptions) {
    this.list = new MemberList({
      primitives: sodiumPrimitives,
      revokers: () => [...(this.config?.revokers ?? []), this.ownSigningKey],
      nowMs: () => Date.now(),
    });
    options.clients.isRevoked = (publicKey) =>
      this.list.hasRevocations && this.list.isRevoked(formatPublicKey(publicKey));
    this.own = new OwnRecord(options.name, () => Date.now());
    this.file = new RegistryFile(options.stateFolder, options.name, {
      kept: () => ({ records: this.list.records(), proven: this.list.proven() }),
      failed: (message) => options.warn(message),
    });
  }

  get config(): RegistryConfig | undefined {
    return this.options.config().registry;
  }

  get prefix(): string {
    return this.config?.prefix ?? defaultPrefix(this.options.config());
  }

  /** Base64 of the signing key of this host. */
  get ownSigningKey(): string {
    const { publicKey, secretKey } = this.options.keys();
    if (this.signingKey?.of !== publicKey) {
      const keys = memberSigningKeys(sodiumPrimitives, secretKey);
      this.signingKey = { of: publicKey, key: Buffer.from(keys.publicKey).toString('base64') };
      sodiumPrimitives.wipe(keys.secretKey);
    }
    return this.signingKey.key;
  }

  close(): void {
    this.options.clients.isRevoked = () => false;
    this.follower?.close();
    this.follower = null;
    this.file.close();
  }

  /** Another configuration is in force. */
  configured(): void {
    const config = this.config ?? null;
    const wanted = config === null ? null : { ...config, prefix: this.prefix };
    if (!isDeepStrictEqual(wanted, this.running)) this.restart(wanted);
    this.reconcile();
    this.options.clients.turnOutRevoked();
  }

  /** Peers of a configuration that is about to come into force get their names and keys. */
  giveWay(peers: readonly PeerConfig[]): void {
    if (this.entries.size === 0) return;
    for (const { name, publicKey } of peers) {
      for (const [key, entry] of this.entries) {
        if (entry.config.name === name || key === publicKey) this.remove(key, entry);
      }
    }
  }

  /** To be called about once a second. */
  tick(): void {
    if (this.running === null) return;
    this.reconcile();
    this.forgetOld();
  }

  /** What is known of a member here. */
  standing(member: Member): MemberStanding {
    const { key, record } = member;
    if (sodiumPrimitives.equal(record.publicKey, this.options.keys().publicKey)) return 'this-host';
    if (this.list.isRevoked(key)) return 'revoked';
    if (member.isGone) return 'left';
    if (this.entries.has(key)) return 'peer';
    if (this.options.hasKey(record.publicKey)) return this.holderOf(key);
    const terms = this.terms(key, record);
    return typeof terms === 'string' ? terms : 'unusable-key';
  }

  private holderOf(key: string): MemberStanding {
    for (const { config, client } of this.options.peers.values()) {
      if (config.publicKey === key) return client === null ? 'configured' : 'client';
    }
    return 'configured';
  }

  /** The name of a member's peer. */
  peerOf({ key }: Member): PeerEntry | null {
    return this.entries.get(key) ?? null;
  }

  /** Whether there is a member of this name that can be revoked. */
  hasMember(name: string): boolean {
    return this.named(name) !== undefined;
  }

  private named(name: string): Member | undefined {
    const isSought = (member: Member) =>
      this.nameOf(member) === name && !['this-host', 'revoked'].includes(this.standing(member));
    return [...this.list.all()].find(isSought);
  }

  /**
   * Revokes a member for good: here at once, elsewhere where this host may do so.
   * @throws RangeError when there is no such member.
   */
  async revoke(name: string): Promise<{ key: string; published: boolean }> {
    const found = this.named(name);
    if (found === undefined) throw new RangeError('no such member');
    const { publicKey, secretKey } = this.options.keys();
    const signing = memberSigningKeys(sodiumPrimitives, secretKey);
    const now = Date.now();
    const says = { signedMs: now, sequence: now, lifetimeS: REVOCATION_S, isGone: true };
    const record = { name, publicKey: found.record.publicKey, ...says, endpoints: [], vlans: [], groups: [] };
    const bytes = signRecord(sodiumPrimitives, record, signing);
    sodiumPrimitives.wipe(signing.secretKey);
    this.took([bytes]);
    const entry = { key: revocationKey(found.key, formatPublicKey(publicKey)), value: bytes };
    const published = await this.follower?.publish(entry).then(
      () => true,
      () => false,
    );
    return { key: found.key, published: published ?? false };
  }

  /** By the file of authorized keys, or its own word. */
  nameOf({ record }: Member): string {
    return this.options.clients.authorized(record.publicKey)?.name ?? record.name;
  }

  // --- records --------------------------------------------------------------------------------------

  private restart(wanted: RegistryConfig | null): void {
    if (this.running === null && wanted !== null) this.recall();
    const isLeaving = wanted === null || wanted.prefix !== this.running?.prefix;
    const last = isLeaving && this.running !== null ? this.farewell() : null;
    this.follower?.close(last);
    this.running = wanted;
    this.published = null;
    this.follower = wanted === null || wanted.servers.length === 0 ? null : this.follow(wanted);
  }

  private recall(): void {
    const { records, proven } = this.file.read();
    for (const bytes of records) this.list.take(bytes, 'file');
    for (const { key, signer } of proven) this.list.wasProven(key, signer);
  }

  private farewell(): Entry {
    const keys = this.options.keys();
    return {
      key: memberKey(keys.publicKey),
      value: this.own.farewell(keys, this.running?.name, this.ownSequence),
    };
  }

  private follow(config: RegistryConfig): Follower {
    return new Follower({
      prefix: this.prefix,
      open: (index) => openGateway(config, index),
      own: () => this.ownEntry(),
      lasting: () => this.lasting(),
      took: (values) => this.took(values),
      changed: () => this.statusChanged(),
      random: Math.random,
      wallClockMs: () => Date.now(),
    });
  }

  /** What this host says of itself; null: it is no member. */
  ownRecord(): { bytes: Uint8Array; sequence: number } | null {
    const template = this.running === null ? null : this.template(undefined);
    if (template === null) return null;
    const links = this.options.setup.socketsOfTemplate(template);
    return this.own.get(this.options.keys(), links, this.running?.name, this.ownSequence);
  }

  /** The sequence of this host's latest record, perhaps of a daemon before this one; 0: there is none. */
  private get ownSequence(): number {
    const own = this.list.get(formatPublicKey(this.options.keys().publicKey));
    return own?.signedBy(this.ownSigningKey)?.record.sequence ?? 0;
  }

  private ownEntry(): Entry | null {
    const own = this.ownRecord();
    if (own === null) return null;
    const { bytes } = own;
    if (this.published?.of !== bytes) {
      this.published = { of: bytes, entry: { key: memberKey(this.options.keys().publicKey), value: bytes } };
      // This host needs no session to know its own word.
      this.list.take(bytes, 'registry');
      this.list.take(bytes, 'session');
    }
    return this.published.entry;
  }

  private lasting(): Entry[] {
    const by = formatPublicKey(this.options.keys().publicKey);
    return this.list
      .revokedBy(this.ownSigningKey)
      .map(({ key, bytes }) => ({ key: revocationKey(key, by), value: bytes }));
  }

  private took(values: readonly Uint8Array[]): void {
    let hasChanged = false;
    for (const bytes of values) {
      const taken = this.list.take(bytes, 'registry');
      if (taken === 'changed') hasChanged = true;
      else if (taken !== 'same') this.refused.set(taken, (this.refused.get(taken) ?? 0) + 1);
    }
    if (hasChanged) this.changed();
  }

  /** Takes the record that a peer gave in the session of its public key. Returns whether the registry knows it. */
  proof(bytes: Uint8Array): boolean {
    const taken = this.list.take(bytes, 'session');
    if (taken === 'changed') this.changed();
    return taken !== 'unknown-member';
  }

  private changed(): void {
    this.file.saveSoon();
    this.reconcile();
    this.options.clients.turnOutRevoked();
  }

  private statusChanged(): void {
    const error = this.follower?.status.error ?? null;
    if (error !== null && this.lastError === null) this.options.warn(`the registry: ${error}`);
    this.lastError = error;
  }

  /** Those whose time is over and who are not there; others stay, whatever the registry says. */
  private forgetOld(): void {
    if (this.follower?.status.state !== 'following') return;
    for (const member of [...this.list.all()]) {
      const entry = this.entries.get(member.key);
      if (!this.list.isExpired(member) || entry?.up === true) continue;
      if (entry !== undefined) this.remove(member.key, entry);
      this.list.forget(member.key);
      this.file.saveSoon();
    }
  }

  // --- peers ----------------------------------------------------------------------------------------

  /** Makes peers of those who are to be one, and takes it from the others. */
  private reconcile(): void {
    for (const [key, entry] of [...this.entries]) {
      const member = this.list.get(key);
      const why = this.running === null || member === undefined ? 'left' : this.refusal(member);
      if (why === null && this.options.peers.atRow(entry.row) === entry) continue;
      if (why !== null) this.options.datapath.send({ kind: 'goodbye', peer: entry.row });
      this.remove(key, entry);
      this.options.told(entry.config.name, why === 'revoked' ? 'revoked' : 'left');
    }
    if (this.running === null) return;
    for (const member of this.list.all()) this.bring(member);
  }

  private refusal(member: Member): MemberStanding | null {
    if (this.list.isRevoked(member.key)) return 'revoked';
    if (member.isGone) return 'left';
    const terms = this.terms(member.key, member.record);
    return typeof terms === 'string' && terms !== 'name-taken' ? terms : null;
  }

  private bring(member: Member): void {
    const { key, record } = member;
    if (this.refusal(member) !== null) return;
    const known = this.entries.get(key);
    if (known === undefined && this.options.hasKey(record.publicKey)) return;
    if (sodiumPrimitives.equal(record.publicKey, this.options.keys().publicKey)) return;
    const config = this.terms(key, record);
    if (typeof config === 'string') return;
    const introduction: Introduction = { server: null, ends: this.endsOf(member, config) };
    if (known !== undefined && isAsBefore(known, config, introduction)) return;
    if (known !== undefined && known.config.name !== config.name) this.remove(key, known);
    try {
      this.entries.set(key, this.options.setup.setIntroduced(config, introduction, this.options.config()));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return;
    }
    if (known === undefined) this.options.told(config.name, 'joined');
  }

  private template(name: string | undefined): PeerConfig | null {
    return this.options.setup.templates.get(this.config?.template ?? name);
  }

  /** The settings of a member's peer, or why it is none. Here it is decided who is believed. */
  private terms(key: string, { publicKey, name: own }: Member['record']): PeerConfig | MemberStanding {
    const client = this.options.clients.authorized(publicKey);
    if (client === null && this.config?.trust !== 'any-record') return 'not-authorized';
    const template = this.template(client?.template);
    if (template === null) return 'no-template';
    const name = client?.name ?? own;
    const holder = this.options.peers.get(name);
    if (holder !== undefined && holder !== this.entries.get(key)) return 'name-taken';
    return { ...template, name, publicKey: key };
  }

  /** Where its record says that a member is, by link; not where this host is itself. */
  private endsOf({ endpoints }: Member, { links }: PeerConfig): Introduction['ends'] {
    const here = new Set(this.own.endpoints.map(({ address, port }) => `${ipKey(address)}/${port}`));
    const ends = new Map<number, { address: string; port: number }[]>();
    for (const { link, address, port } of endpoints) {
      const isUsable =
        !isLoopback(address) && !isLinkLocal(address) && !here.has(`${ipKey(address)}/${port}`);
      if (!isUsable || !links.some(({ id }) => id === link)) continue;
      const text = formatAddress(Uint8Array.from(address.bytes));
      ends.set(link, [...(ends.get(link) ?? []), { address: text, port }]);
    }
    return ends;
  }

  private remove(key: string, entry: PeerEntry): void {
    this.entries.delete(key);
    if (this.options.peers.atRow(entry.row) === entry) this.options.setup.removeIntroduced(entry);
  }
}

/** Whether a peer has these settings and ends already. */
function isAsBefore({ config, introduction }: PeerEntry, next: PeerConfig, { ends }: Introduction): boolean {
  if (config.name !== next.name || config.links !== next.links) return false;
  return isDeepStrictEqual({ ...config }, { ...next }) && isDeepStrictEqual(introduction?.ends, ends);
}

function memberKey(publicKey: Uint8Array): string {
  return `members/${Buffer.from(publicKey).toString('base64url')}`;
}

/** Keys in base64. */
function revocationKey(key: string, by: string): string {
  const [revoked, revoker] = [key, by].map((text) => Buffer.from(text, 'base64').toString('base64url'));
  return `revocations/${revoked}/${revoker}`;
}
