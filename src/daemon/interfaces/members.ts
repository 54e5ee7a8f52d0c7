/** Members of the network, as far as an interface deals in them: introduces its clients, or is introduced by its servers. */
import type { EventEmitter } from 'node:events';
import type { InterfaceConfig, PeerConfig } from '../../api/config.js';
import type { DatapathEvent } from '../../contract/events.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { decodeMember, encodeMember, type MemberMessage } from '../../member/messages.js';
import type { Clients } from './clients.js';
import type { Datapath } from './datapath.js';
import type { Handshakes } from './handshakes.js';
import { Introducer } from './introducer.js';
import { Introductions } from './introductions.js';
import { MemberRefusals } from './member-refusals.js';
import { OwnRecord } from './own-record.js';
import type { PeerEntries, PeerEntry } from './peer-entries.js';
import type { PeerSetup } from './peer-setup.js';
import { RecordProofs } from './record-proofs.js';
import { Registry } from './registry.js';
import type { RuntimeEvents } from './runtime-events.js';

const TICK_MS = 1000;

/** The interface whose members they are. */
interface MembersHost extends EventEmitter<RuntimeEvents> {
  readonly name: string;
  readonly stateFolder: string;
  readonly config: InterfaceConfig;
  readonly peers: PeerEntries;
  readonly datapath: Datapath;
  readonly handshakes: Handshakes;
  readonly clients: Clients;
}

interface MembersOptions {
  setup: PeerSetup;
  keys(): KeyPair;
  /** Microseconds of boot time. */
  now(): number;
}

export class Members {
  readonly introducer: Introducer;
  readonly introductions: Introductions;
  readonly registry: Registry;
  readonly refusals: MemberRefusals;
  private readonly proofs: RecordProofs;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly host: MembersHost,
    { setup, keys, now }: MembersOptions,
  ) {
    const { peers, datapath, handshakes, clients } = host;
    const config = (): InterfaceConfig => host.config;
    const send = (peer: PeerEntry, message: MemberMessage): void =>
      datapath.send({ kind: 'member', peer: peer.row, bytes: encodeMember(message) });
    const hasKey = (publicKey: Uint8Array): boolean => handshakes.hasKey(publicKey);
    const refusals = new MemberRefusals(now, (peer, detail) =>
      host.emit('warning', peer, 'introduction-refused', detail),
    );
    this.refusals = refusals;
    this.introducer = new Introducer({
      refusals,
      config,
      now,
      send,
      named: (name) => peers.get(name),
      isWelcome: (publicKey) => hasKey(publicKey) || typeof clients.judge(publicKey) !== 'string',
    });
    const record = new OwnRecord(host.name, () => Date.now());
    this.introductions = new Introductions({
      refusals,
      peers,
      datapath,
      setup,
      record,
      config,
      keys,
      now,
      send,
      hasKey,
    });
    this.registry = new Registry({
      name: host.name,
      stateFolder: host.stateFolder,
      peers,
      datapath,
      setup,
      clients,
      config,
      keys,
      hasKey,
      warn: (message) => host.emit('warning', null, 'registry', message),
      told: (member, what) => host.emit('member', member, what),
    });
    this.proofs = new RecordProofs({
      refusals,
      now,
      send,
      peers: () => peers.values(),
      sessionOf: (row) => handshakes.sessionOf(row),
      own: () => this.registry.ownRecord(),
      proof: (bytes) => this.registry.proof(bytes),
    });
    peers.onRemoved = (entry) => {
      this.introducer.left(entry);
      this.proofs.left(entry);
    };
    const reached = (entry: PeerEntry): void => {
      this.introductions.reached(entry);
      this.proofs.reached(entry);
    };
    handshakes.on('session', (row, session) => {
      const entry = session === null ? undefined : peers.atRow(row);
      if (entry !== undefined) reached(entry);
    });
    host.on('peer', reached);
    host.on('link', (entry, link) => this.introductions.linkChanged(entry, link));
    datapath.on('event', (event) => this.take(event));
    this.timer = setInterval(() => {
      this.introductions.tick();
      this.registry.tick();
      this.proofs.tick();
    }, TICK_MS);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
    this.introductions.close();
    this.registry.close();
    this.host.peers.onRemoved = () => {};
  }

  /** Peers of a configuration that is about to come into force get their names and keys. */
  giveWay(peers: readonly PeerConfig[]): void {
    this.introductions.giveWay(peers);
    this.registry.giveWay(peers);
  }

  /** Another configuration is in force. */
  configured(): void {
    this.introducer.configured();
    this.introductions.configured();
    this.registry.configured();
  }

  /** Takes an event of the datapath; those that do not concern members are ignored. */
  private take(event: DatapathEvent): void {
    const { peers } = this.host;
    if (event.kind === 'member') {
      const entry = peers.atRow(event.peer);
      if (entry !== undefined) this.message(entry, decodeMember(event.bytes));
    } else if (event.kind === 'talk') {
      const [one, other] = event.peers.map((row) => peers.atRow(row));
      if (one !== undefined && other !== undefined) this.introducer.talk(one, other);
    } else if (event.kind === 'goodbye') {
      const entry = peers.atRow(event.peer);
      if (entry !== undefined) this.introductions.goodbye(entry);
    }
  }

  private message(entry: PeerEntry, message: MemberMessage | null): void {
    switch (message?.what) {
      case 'record':
        return this.introducer.record(entry, message.record);
      case 'proof':
        return this.proofs.proof(entry, message.record);
      case 'proven':
        return this.proofs.proven(entry, message.sequence);
      case 'question':
        return this.introducer.question(entry, message.publicKey);
      case 'taken':
        return this.introductions.taken(entry, message.sequence, message.seen);
      case 'introduction':
        return this.introductions.introduced(entry, message);
      case 'withdrawal':
        return this.introductions.withdrawn(entry, message.publicKey);
      default:
        return this.refusals.note('malformed', entry);
    }
  }
}
