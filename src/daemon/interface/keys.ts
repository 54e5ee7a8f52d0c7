/** The static key of an interface, and what follows from it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { InterfaceConfig } from '../../config/model.js';

/** Where the private key of an interface stands. */
export function privateKeyFile(config: InterfaceConfig, stateFolder: string): string {
  return config.privateKeyFile ?? join(stateFolder, 'keys', `${config.name}.key`);
}

/** A locally administered MAC address that stays the same as long as the key does. */
export function macOf(publicKey: Uint8Array): string {
  const digest = createHash('sha256').update('octolink mac').update(publicKey).digest();
  const bytes = [0x02, ...digest.subarray(0, 5)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
