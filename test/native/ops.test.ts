import { expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import * as ops from '../../src/native/ops.js';

test('the record layouts of both sides are equal', () => {
  const records = Object.entries(ops).filter(([, value]) => typeof value === 'object');
  expect(loadNative().layout()).toEqual({
    ...Object.fromEntries(records),
    VNET: { HEADER: ops.VNET_HEADER },
  });
});
