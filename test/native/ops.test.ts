import { expect, test } from 'vitest';
import * as ops from '../../src/contract/ops.js';
import { loadNative } from '../../src/native/binding.js';

test('the record layouts of both sides are equal', () => {
  const { VNET_HEADER, PATH_PLACE_WORDS: _, ...records } = ops;
  expect(loadNative().layout()).toEqual({ ...records, VNET: { HEADER: VNET_HEADER } });
});
