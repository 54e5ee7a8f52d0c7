/**
 * The clients of an interface: peers that are admitted by the `authorized-keys` file. One that is not connected costs a
 * line of a table and nothing else. Its rows are made when its handshake comes, and given back some time after its last
 * session.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { InterfaceConfig, PeerConfig } from '../../api/config.js';
import { ByRow } from '../../base/by-row.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { Admission, isSameClient, type KeysRead } from '../../handshake/admission.js';
import { type CertificateRules, type CertifiedClient, judgeCertificate } from '../../handshake/certified.js';
import { type Client, MAX_CLIENTS } from '../../handshake/client.js';
import type { ClientSource } from '../../handshake/options.js';
import type { HandshakeReason } from '../../handshake/reasons.js';
import type { JoinRequest } from '../../member/join-messages.js';
import { AuthorizedKeysFile } from './authorized-keys-file.js';
import type { Handshakes } from './handshakes.js';
import { ownCertificate } from './own-certificate.js';
import type { PeerEntries, PeerEntry } from './peer-entries.js';
import type { PeerSetup } from './peer-setup.js';
import { RecentRates } from './recent-rates.js';

/** Clients reviewed in one turn of the event loop. */
const REVIEWED_A_TURN = 128;
/** Clients whose time is over are looked for, and rates measured, this often. */
const TICK_MS = 1000;
/** Anybody can show certificates: a refusal is told no more often than this. */
const REFUSALS_TOLD_EVERY_MS = 60_000;

/** What the interface hears of its clients. */
interface ClientsOwner {
  /** A client was turned out; it was up until now. */
  left(peer: PeerEntry, cause: string): void;
  /** The file was read anew. */
  loaded(read: KeysRead): void;
  /** It cannot be read, or a certificate admits nobody: why. */
  failed(what: 'authorized-keys-refused' | 'certificate-refused', why: string): void;
}

interface ClientsOptions {
  peers: PeerEntries;
  /** Heartbeats sent and handshake messages taken until now. */
  counts(): { heartbeats: number; handshakes: number };
  /** What makes rows and sessions; it is made after this. */
  parts(): { setup: PeerSetup; handshakes: Handshakes; config: InterfaceConfig };
  owner: ClientsOwner;
}

export class Clients implements ClientSource {
  /** Wrong lines in the file. */
  wrong = 0;
  /** Resident memory of the process when the first client came, in bytes; null while there is none. */
  residentBefore: number | null = null;
  /** Whether a key was revoked, whatever else says that it may come. */
  isRevoked: (publicKey: Uint8Array) => boolean = () => false;
  /** Why the file is not in use, a sentence; null: it is, or there is none. */
  fileFault: string | null = null;
  /** When a refused certificate was told last, in milliseconds of the clock that never goes back. */
  private refusalTold = Number.NEGATIVE_INFINITY;
  private readonly admission = new Admission({ wallClockMs: () => Date.now() });
  private readonly connected = new ByRow<PeerEntry>();
  private file: AuthorizedKeysFile | null = null;
  private path: string | null = null;
  private readonly tick: NodeJS.Timeout;
  private readonly rates = new RecentRates<'heartbeats' | 'handshakes'>();
  /** Connected clients whose time will be over. */
  private readonly expiring = new Set<PeerEntry>();
  /** The number of the last review; an earlier one that is still under way gives up. */
  private reviews = 0;
  /** Some may not have heard yet of other settings. */
  private haveSettingsChanged = false;

  constructor(private readonly options: ClientsOptions) {
    this.tick = setInterval(() => {
      this.expire();
      this.rates.sample(performance.now(), options.counts());
    }, TICK_MS);
    this.tick.unref();
  }

  /** Clients that may come. */
  get known(): number {
    return this.admission.table.size + this.admission.certified.size;
  }

  /** Clients that have rows: connected, or gone a short time ago. */
  get present(): number {
    return this.connected.size;
  }

  /** The client of this name, whether it is connected or not. */
  named(name: string): Client | undefined {
    return this.admission.named(name);
  }

  /** The client with this key, if it may come; null: it may not. */
  authorized(publicKey: Uint8Array): Client | null {
    const client = this.admission.judge(publicKey);
    return typeof client === 'string' ? null : client;
  }

  /** All clients, in the order of the file; then those that came by a certificate. */
  all(): readonly Client[] {
    const { table, certified } = this.admission;
    return certified.size === 0 ? table.all() : [...table.all(), ...certified.all()];
  }

  /** Of the last seconds: heartbeats sent, or handshake messages taken. */
  perSecond(what: 'heartbeats' | 'handshakes'): number {
    return this.rates.perSecond(what);
  }

  /** Why the file, or the certificate of this host, is not in use, a sentence; null: all is well. */
  get missing(): string | null {
    const own = this.own();
    return this.fileFault ?? (typeof own === 'string' ? own : null);
  }

  isExpired(client: Client): boolean {
    return this.admission.isExpired(client);
  }

  close(): void {
    this.file?.close();
    clearInterval(this.tick);
    this.reviews++;
  }

  /** Another configuration is in force: another file maybe, or other settings. */
  async follow(file: string | null, settingsChanged: boolean): Promise<void> {
    if (file !== this.path) {
      this.file?.close();
      this.path = file;
      this.fileFault = null;
      this.file = file === null ? null : this.openFile(file);
      if (this.file === null) this.admission.clear();
      else await this.file.read();
    }
    if (settingsChanged) this.admission.certified.judgeAgain(this.rules());
    await this.review(settingsChanged);
  }

  /** Reads the file again. */
  async reread(): Promise<void> {
    await this.file?.read();
  }

  certify(key: Uint8Array, request: JoinRequest): boolean {
    const client = judgeCertificate(sodiumPrimitives, key, request, this.rules());
    const problem = typeof client === 'string' ? client : this.enlist(client);
    if (problem !== null) this.tellRefusal(Buffer.from(key).toString('base64'), problem);
    return problem === null;
  }

  certificate(): string | null {
    const own = this.own();
    return own === null || typeof own === 'string' ? null : own.text;
  }

  /** The certificate that this host shows; a sentence why there is none, null if none is wanted. */
  private own(): ReturnType<typeof ownCertificate> | null {
    const { config, handshakes } = this.options.parts();
    const { certificateFile: file } = config;
    return file === undefined ? null : ownCertificate(file, handshakes.publicKey);
  }

  private tellRefusal(key: string, problem: string): void {
    const now = performance.now();
    if (now - this.refusalTold < REFUSALS_TOLD_EVERY_MS) return;
    this.refusalTold = now;
    this.options.owner.failed(
      'certificate-refused',
      `a certificate of the key ${key} admits nobody: ${problem}`,
    );
  }

  private rules(): CertificateRules {
    const { authorities = [], revokedKeys = [] } = this.options.parts().config;
    return { authorities, revokedKeys, nowMs: Date.now() };
  }

  /** A sentence when the client cannot be taken in. The file goes before certificates. */
  private enlist(client: CertifiedClient): string | null {
    const { table, certified } = this.admission;
    if (table.named(client.name) !== undefined || table.withKey(client.key) !== undefined) return null;
    const replaced = certified.enlist(client, Date.now());
    if (typeof replaced === 'string') return replaced;
    const entry = this.options.peers.get(client.name);
    if (entry === undefined) return null;
    if (entry.client?.key === client.key) this.reviewOne(entry, false);
    else if (replaced !== null && entry.client?.key === replaced.key)
      this.turnOut(entry, 'no-longer-authorized');
    return null;
  }

  // --- coming ---------------------------------------------------------------------------------------

  judge(publicKey: Uint8Array): Client | HandshakeReason {
    const client = this.admission.judge(publicKey);
    if (typeof client === 'string') return client;
    if (this.isRevoked(publicKey)) return 'client-revoked';
    if (this.templateOf(client) === null) return 'client-without-template';
    return this.options.peers.get(client.name) === undefined ? client : 'client-name-taken';
  }

  takeId(): number | null {
    return this.connected.size < MAX_CLIENTS ? this.options.peers.takeRow() : null;
  }

  /** A client comes, under a row that `takeId` gave. */
  came(row: number, client: Client): void {
    const { setup, config } = this.options.parts();
    const terms = this.termsOf(client);
    if (terms === null) return;
    if (this.connected.size === 0) this.residentBefore = process.memoryUsage.rss();
    const entry = setup.addClient(row, client, terms, config);
    this.connected.set(row, entry);
    if (client.expiresMs !== undefined) this.expiring.add(entry);
  }

  /** A client has had no session for a while. */
  released(row: number): void {
    const entry = this.connected.get(row);
    if (entry !== undefined) this.forget(entry);
  }

  /** A peer with a block is about to have this name or this key: a client that has it gives way. */
  giveWay(name: string, publicKey: string | undefined): void {
    const named = this.options.peers.get(name);
    if (named !== undefined) this.turnOut(named, 'has-a-block-now');
    if (publicKey === undefined) return;
    const client = this.admission.withKey(Buffer.from(publicKey, 'base64').toString('latin1'));
    const holder = client === undefined ? undefined : this.options.peers.get(client.name);
    if (holder !== undefined) this.turnOut(holder, 'has-a-block-now');
  }

  private templateOf({ template }: Client): PeerConfig | null {
    return this.options.parts().setup.templates.get(template);
  }

  private termsOf(client: Client): PeerConfig | null {
    const template = this.templateOf(client);
    if (template === null) return null;
    const { name, key, vlan, description } = client;
    const publicKey = Buffer.from(key, 'latin1').toString('base64');
    // Field by field: objects made by spreading others share no layout, and cost four times the memory.
    const terms: PeerConfig & Record<string, unknown> = { name, links: template.links, publicKey };
    for (const field in template) {
      if (!Object.hasOwn(terms, field)) terms[field] = template[field as keyof PeerConfig];
    }
    if (vlan !== undefined) terms.vlan = vlan;
    if (description !== undefined) terms.description = description;
    return terms;
  }

  // --- going ----------------------------------------------------------------------------------------

  /** Ends the sessions of a client at once and takes its rows. */
  private turnOut(entry: PeerEntry, cause: string): void {
    if (entry.client === null) return;
    this.options.parts().handshakes.removePeer(entry.row);
    const wasUp = entry.up;
    this.forget(entry);
    if (wasUp) this.options.owner.left(entry, cause);
  }

  private forget(entry: PeerEntry): void {
    this.connected.delete(entry.row);
    if (this.connected.size === 0) this.residentBefore = null;
    this.expiring.delete(entry);
    this.options.parts().setup.removeClient(entry);
  }

  /** Ends the sessions of those who are connected and were revoked. */
  turnOutRevoked(): void {
    for (const entry of [...this.connected.values()]) {
      if (entry.client !== null && this.isRevoked(Buffer.from(entry.client.key, 'latin1')))
        this.turnOut(entry, 'revoked');
    }
  }

  private expire(): void {
    for (const entry of this.expiring) {
      if (entry.client !== null && this.admission.isExpired(entry.client)) this.turnOut(entry, 'expired');
    }
  }

  // --- changes --------------------------------------------------------------------------------------

  private openFile(path: string): AuthorizedKeysFile {
    const file = new AuthorizedKeysFile(path, {
      table: () => this.admission.table,
      loaded: (read) => {
        if (this.file !== file) return;
        this.fileFault = null;
        this.wrong = read.wrong;
        this.admission.table = read.table;
        this.options.owner.loaded(read);
        void this.review(false);
      },
      failed: (message) => {
        this.fileFault = `the file ${path} is not used: ${message}`;
        this.options.owner.failed('authorized-keys-refused', `${this.fileFault}; clients known before stay`);
      },
    });
    return file;
  }

  /** Brings those who are connected to what is in force now, some at a time. */
  private async review(settingsChanged: boolean): Promise<void> {
    const number = ++this.reviews;
    this.haveSettingsChanged ||= settingsChanged;
    let done = 0;
    for (const entry of [...this.connected.values()]) {
      if (this.connected.get(entry.row) === entry) this.reviewOne(entry, this.haveSettingsChanged);
      if (++done % REVIEWED_A_TURN !== 0) continue;
      await nextTurn();
      if (number !== this.reviews) return;
    }
    this.haveSettingsChanged = false;
  }

  private reviewOne(entry: PeerEntry, settingsChanged: boolean): void {
    const { client: before, config: was } = entry;
    if (before === null) return;
    const client = this.admission.withKey(before.key);
    if (client === undefined || client.name !== before.name)
      return this.turnOut(entry, 'no-longer-authorized');
    if (this.admission.isExpired(client)) return this.turnOut(entry, 'expired');
    const terms = this.termsOf(client);
    if (terms === null) return this.turnOut(entry, 'no-template');
    entry.client = client;
    if (client.expiresMs === undefined) this.expiring.delete(entry);
    else this.expiring.add(entry);
    if (!settingsChanged && isSameClient(client, before) && was.links === terms.links) return;
    const { setup, config } = this.options.parts();
    setup.setClient(entry, client, terms, config);
  }
}

/** Whether an interface says something else of peers that say nothing themselves. */
export function settingsDiffer(a: InterfaceConfig, b: InterfaceConfig): boolean {
  const own = ({ peers: _, peerTemplates: __, addresses: ___, ...rest }: InterfaceConfig) => rest;
  return !isDeepStrictEqual(own(a), own(b));
}
