/** Key pairs of the clients: made once, kept in a file that the processes read. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generateKeyPair, KEY_BYTES, type KeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';

const PAIR_BYTES = 2 * KEY_BYTES;

export class ClientKeys {
  private constructor(private readonly bytes: Buffer) {}

  /** Makes `count` key pairs and writes them to a file. */
  static make(count: number, file: string): ClientKeys {
    const bytes = Buffer.alloc(count * PAIR_BYTES);
    for (let client = 0; client < count; client++) {
      const { secretKey, publicKey } = generateKeyPair(sodiumPrimitives);
      bytes.set(secretKey, client * PAIR_BYTES);
      bytes.set(publicKey, client * PAIR_BYTES + KEY_BYTES);
    }
    writeFileSync(file, bytes, { mode: 0o600 });
    return new ClientKeys(bytes);
  }

  static read(file: string): ClientKeys {
    return new ClientKeys(readFileSync(file));
  }

  /** Views of the keys of a client. */
  pair(client: number): KeyPair {
    const at = client * PAIR_BYTES;
    return {
      secretKey: this.bytes.subarray(at, at + KEY_BYTES),
      publicKey: this.bytes.subarray(at + KEY_BYTES, at + PAIR_BYTES),
    };
  }
}
