/** Primitives that remember every buffer they gave out for a secret, so that a test can look whether it was wiped. */
import type { Primitives } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';

export function recordingPrimitives(base: Primitives = sodiumPrimitives): {
  primitives: Primitives;
  secrets: Uint8Array[];
} {
  const secrets: Uint8Array[] = [];
  return {
    secrets,
    primitives: {
      ...base,
      allocateSecret(length) {
        const bytes = base.allocateSecret(length);
        secrets.push(bytes);
        return bytes;
      },
    },
  };
}
