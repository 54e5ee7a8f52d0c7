/** The static key of an interface, its MAC address, and the keys of its peers. */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { InterfaceConfig, PeerConfig } from '../../api/config.js';
import { KeyFileError, loadKeyFile, loadOrCreateKeyFile } from '../../crypto/key-file.js';
import { parsePublicKey } from '../../crypto/keys.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { formatMacBytes } from './addresses.js';

/** The file of an interface's private key. */
export function privateKeyFile(config: InterfaceConfig, stateFolder: string): string {
  return config.privateKeyFile ?? join(stateFolder, 'keys', `${config.name}.key`);
}

/** A locally administered MAC address, derived from the key so that it stays the same as long as the key does. */
export function macOf(publicKey: Uint8Array): string {
  const digest = createHash('sha256').update('octolink mac').update(publicKey).digest();
  const bytes = [0x02, ...digest.subarray(0, 5)];
  return formatMacBytes(bytes);
}

/**
 * A key file that cannot be used. The message says no more than that to whoever asked, who may have no right to know
 * what is in which file; `cause` says why, for the log.
 */
export class KeyFileRefused extends Error {
  override readonly name = 'KeyFileRefused';

  constructor(path: string, cause: unknown) {
    super(`key file ${path} cannot be used; the log of the daemon says why`, { cause });
  }
}

/** Loads the key of an interface. In the folder of keys it is made first if there is none; elsewhere it must exist. */
export function loadKeys(config: InterfaceConfig, stateFolder: string): KeyPair {
  const path = privateKeyFile(config, stateFolder);
  const load = isOurs(path, stateFolder) ? loadOrCreateKeyFile : loadKeyFile;
  const secretKey = reading(path, stateFolder, () => load(sodiumPrimitives, path));
  return { secretKey, publicKey: sodiumPrimitives.publicKey(secretKey) };
}

/** The public key that `loadKeys` would find; null when it would make a new key. @throws Error where `loadKeys` would fail */
export function publicKeyFor(config: InterfaceConfig, stateFolder: string): Uint8Array | null {
  const path = privateKeyFile(config, stateFolder);
  return reading(path, stateFolder, () => {
    try {
      const secret = loadKeyFile(sodiumPrimitives, path);
      const publicKey = sodiumPrimitives.publicKey(secret);
      sodiumPrimitives.freeLocked(secret);
      return publicKey;
    } catch (error) {
      if (!isOurs(path, stateFolder) || !(error instanceof KeyFileError && error.missing)) throw error;
      requireWritable(dirname(path));
      return null;
    }
  });
}

function requireWritable(folder: string): void {
  if (!existsSync(folder)) return;
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Error(`no key can be made: ${folder} cannot be written`);
  }
}

/** Key and preshared key of a peer, to be given to `forgetIdentity`; null when it has no key yet. @throws Error with a sentence */
export function identityOf(
  peer: PeerConfig,
  stateFolder: string,
): { publicKey: Uint8Array; psk?: Uint8Array } | null {
  if (peer.publicKey === undefined || peer.shutdown) return null;
  const publicKey = parsePublicKey(peer.publicKey);
  const path = peer.presharedKeyFile;
  if (path === undefined) return { publicKey };
  return { publicKey, psk: reading(path, stateFolder, () => loadKeyFile(sodiumPrimitives, path)) };
}

/** Wipes and frees what `identityOf` has read. */
export function forgetIdentity(identity: ReturnType<typeof identityOf>): void {
  if (identity?.psk !== undefined) sodiumPrimitives.freeLocked(identity.psk);
}

/** Whether a file stands in our own folder of keys. */
function isOurs(path: string, stateFolder: string): boolean {
  return dirname(resolve(path)) === resolve(stateFolder, 'keys');
}

function reading<T>(path: string, stateFolder: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isOurs(path, stateFolder)) throw error;
    throw new KeyFileRefused(path, error);
  }
}
