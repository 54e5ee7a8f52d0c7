/** What members of a registry give each other in their sessions, and what they take. */
import { beforeEach, expect, it } from 'vitest';
import { generateKeyPair, type KeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import type { SessionInfo } from '../../src/daemon/interfaces/handshakes.js';
import { MemberRefusals } from '../../src/daemon/interfaces/member-refusals.js';
import { PeerEntries, type PeerEntry } from '../../src/daemon/interfaces/peer-entries.js';
import { RecordProofs } from '../../src/daemon/interfaces/record-proofs.js';
import type { MemberMessage } from '../../src/member/messages.js';
import { memberSigningKeys, signRecord } from '../../src/member/record.js';
import { ownCapabilities } from '../../src/wire/capabilities.js';

const SECOND = 1e6;

function recordOf(keys: KeyPair, sequence = 1, signedBy = keys): Uint8Array {
  const rest = { name: 'x', lifetimeS: 60, isGone: false, endpoints: [], vlans: [], groups: [] };
  const said = { ...rest, publicKey: keys.publicKey, sequence, signedMs: 0 };
  return signRecord(primitives, said, memberSigningKeys(primitives, signedBy.secretKey));
}

class Host {
  now = 0;
  own: { bytes: Uint8Array; sequence: number } | null = {
    bytes: recordOf(generateKeyPair(primitives)),
    sequence: 1,
  };
  readonly sent: { to: string; message: MemberMessage }[] = [];
  readonly taken: Uint8Array[] = [];
  isKnown = true;
  readonly peers = new PeerEntries();
  readonly sessions = new Map<number, SessionInfo>();
  readonly refusals = new MemberRefusals(
    () => this.now,
    () => {},
  );
  readonly proofs = new RecordProofs({
    peers: () => this.peers.values(),
    sessionOf: (row) => this.sessions.get(row) ?? null,
    now: () => this.now,
    send: (peer, message) => this.sent.push({ to: peer.config.name, message }),
    own: () => this.own,
    proof: (record) => {
      this.taken.push(record);
      return this.isKnown;
    },
    refusals: this.refusals,
  });

  peer(name: string, keys = generateKeyPair(primitives), capabilities = ownCapabilities(true)): PeerEntry {
    const publicKey = Buffer.from(keys.publicKey).toString('base64');
    const entry = this.peers.add({ name, publicKey, links: [] });
    entry.up = true;
    this.session(entry, capabilities);
    return entry;
  }

  session({ row }: PeerEntry, capabilities = ownCapabilities(true)): void {
    const keys = { aead: 1, role: 'initiator' as const, sealKey: 0, openKey: 1 };
    this.sessions.set(row, { peer: row, localIndex: 1, establishedUs: this.now, capabilities, ...keys });
  }

  /** Seconds in which something was sent, of so many. */
  sendingSeconds(seconds: number): number[] {
    const when: number[] = [];
    for (let second = 0; second < seconds; second++) {
      this.proofs.tick();
      if (this.sent.splice(0).length > 0) when.push(second);
      this.now += SECOND;
    }
    return when;
  }
}

let host: Host;
beforeEach(() => {
  host = new Host();
});

it('gives its record until the peer has it, and again when it changes or there is another session', () => {
  const entry = host.peer('a');
  host.proofs.reached(entry);
  expect(host.sent.splice(0)).toEqual([{ to: 'a', message: { what: 'proof', record: host.own?.bytes } }]);
  expect(host.sendingSeconds(100)).toEqual([1, 3, 7, 15, 31, 61, 91]);
  host.proofs.proven(entry, 1);
  expect(host.sendingSeconds(100)).toEqual([]);
  host.own = { bytes: recordOf(generateKeyPair(primitives)), sequence: 2 };
  expect(host.sendingSeconds(1)).toEqual([0]);
  host.proofs.proven(entry, 2);
  expect(host.sendingSeconds(100)).toEqual([]);
  host.session(entry);
  expect(host.sendingSeconds(1)).toEqual([0]);
});

it('gives nothing to a peer that does not take it or cannot be reached, nor without a registry', () => {
  host.peer('old', undefined, ownCapabilities(false));
  host.peer('down').up = false;
  expect(host.sendingSeconds(10)).toEqual([]);
  host.peer('a');
  host.own = null;
  expect(host.sendingSeconds(10)).toEqual([]);
});

it('gives a record to many peers by and by', () => {
  for (let count = 0; count < 200; count++) host.peer(`p${count}`);
  host.proofs.tick();
  expect(host.sent.splice(0)).toHaveLength(128);
  host.proofs.tick();
  expect(new Set(host.sent.map(({ to }) => to)).size).toBe(72);
});

it('takes from a peer its own record, and says which one it has', () => {
  const keys = generateKeyPair(primitives);
  const entry = host.peer('a', keys);
  const record = recordOf(keys, 7);
  host.proofs.proof(entry, record);
  expect(host.taken).toEqual([record]);
  expect(host.sent.splice(0)).toEqual([{ to: 'a', message: { what: 'proven', sequence: 7 } }]);
  // One that the registry does not know yet is to come again.
  host.now += SECOND;
  host.isKnown = false;
  host.proofs.proof(entry, record);
  expect(host.sent).toEqual([]);
});

it('takes from a hostile peer nothing that is not its own, and not more than five records a second', () => {
  const [keys, victim] = [generateKeyPair(primitives), generateKeyPair(primitives)];
  const entry = host.peer('hostile', keys);
  // The record of another member, one in its name under a key of its own, and no record at all.
  const wrong = [recordOf(victim), recordOf(victim, 9, keys), new Uint8Array(40)];
  for (const bytes of wrong) {
    host.proofs.proof(entry, bytes);
    host.now += SECOND;
  }
  expect(host.refusals.counters['record-forged']).toBe(3);
  for (let count = 0; count < 1000; count++) {
    host.proofs.proof(entry, recordOf(keys, count));
    host.proofs.proven(entry, count);
    host.now += SECOND / 1000;
  }
  expect(host.taken).toHaveLength(5);
  expect(host.sent).toHaveLength(5);
  expect(host.refusals.counters['record-too-soon']).toBe(995);
  host.own = null;
  host.proofs.proof(entry, recordOf(keys));
  expect(host.refusals.counters['record-not-wanted']).toBe(1);
});
