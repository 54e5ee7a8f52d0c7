import { expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import * as ops from '../../src/native/ops.js';

test('the record layouts of both sides are equal', () => {
  const { VNET_HEADER, PATH_PLACE_WORDS: _, ...records } = ops;
  expect(loadNative().layout()).toEqual({ ...records, VNET: { HEADER: VNET_HEADER } });
});
