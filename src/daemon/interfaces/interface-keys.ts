/** The static key of an interface, its MAC address, and the keys of its peers. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { InterfaceConfig, PeerConfig } from '../../api/config.js';
import { loadKeyFile, loadOrCreateKeyFile } from '../../crypto/key-file.js';
import { parsePublicKey } from '../../crypto/keys.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';

/** The file of an interface's private key. */
export function privateKeyFile(config: InterfaceConfig, stateFolder: string): string {
  return config.privateKeyFile ?? join(stateFolder, 'keys', `${config.name}.key`);
}

/** A locally administered MAC address, derived from the key so that it stays the same as long as the key does. */
export function macOf(publicKey: Uint8Array): string {
  const digest = createHash('sha256').update('octolink mac').update(publicKey).digest();
  const bytes = [0x02, ...digest.subarray(0, 5)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Loads the key of an interface; creates it first if there is none. */
export function loadKeys(config: InterfaceConfig, stateFolder: string): KeyPair {
  const secretKey = loadOrCreateKeyFile(sodiumPrimitives, privateKeyFile(config, stateFolder));
  return { secretKey, publicKey: sodiumPrimitives.publicKey(secretKey) };
}

/** Key and PSK of a peer; null when it has no key yet. Throws a plain sentence when a file cannot be used. */
export function identityOf(peer: PeerConfig): { publicKey: Uint8Array; psk?: Uint8Array } | null {
  if (peer.publicKey === undefined || peer.shutdown) return null;
  const publicKey = parsePublicKey(peer.publicKey);
  if (peer.presharedKeyFile === undefined) return { publicKey };
  return { publicKey, psk: loadKeyFile(sodiumPrimitives, peer.presharedKeyFile) };
}
