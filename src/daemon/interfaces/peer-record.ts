/** The record that a peer gives of itself in a session. */
import { parsePublicKey } from '../../crypto/keys.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { type MemberRecord, readRecord } from '../../member/record.js';
import type { PeerEntry } from './peer-entries.js';

/** Reads it; null when it cannot be read, has a wrong signature or another key than the session. */
export function peerRecord({ config: { publicKey } }: PeerEntry, bytes: Uint8Array): MemberRecord | null {
  const record = readRecord(sodiumPrimitives, bytes);
  if (record === null || publicKey === undefined) return null;
  return sodiumPrimitives.equal(record.publicKey, parsePublicKey(publicKey)) ? record : null;
}
