import { expect, it } from 'vitest';
import { KEY_SLOT_BYTES, loadNative } from '../../src/native/binding.js';
import { AEAD } from '../../src/native/ops.js';

const native = loadNative();
const KEYS = 32_768;
/** Slots that no other test of this process takes. */
const FIRST = 1 << 19;

it('a key takes what is said of it', () => {
  const key = new Uint8Array(32).fill(7);
  const slots = Array.from({ length: KEYS }, (_, index) => FIRST + index);
  const before = process.memoryUsage.rss();
  for (const slot of slots) native.keyInstall(slot, AEAD.AES_256_GCM, key);
  const each = (process.memoryUsage.rss() - before) / KEYS;
  for (const slot of slots) native.keyWipe(slot);
  expect(each / KEY_SLOT_BYTES).toBeGreaterThan(0.8);
  expect(each / KEY_SLOT_BYTES).toBeLessThan(1.25);
});
