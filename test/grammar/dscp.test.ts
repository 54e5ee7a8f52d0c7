import { describe, expect, it } from 'vitest';
import { DSCP, dscpText } from '../../src/grammar/dscp.js';
import { isRefusal } from '../../src/grammar/values.js';

describe('a DSCP', () => {
  it('is a number or a name', () => {
    for (const [text, point] of [
      ['0', 0],
      ['63', 63],
      ['ef', 46],
      ['EF', 46],
      ['af11', 10],
      ['af43', 38],
      ['cs7', 56],
      ['le', 1],
      ['va', 44],
    ] as const) {
      expect(DSCP.parse(text), text).toBe(point);
    }
  });

  it('is nothing else', () => {
    for (const text of ['64', '-1', 'af14', 'af51', 'cs8', 'e', '', '0x2e', '4.6']) {
      expect(isRefusal(DSCP.parse(text)), text).toBe(true);
    }
  });

  it('prints as something that reads back as itself', () => {
    for (let point = 0; point < 64; point++) expect(DSCP.parse(dscpText(point))).toBe(point);
    expect(dscpText(46)).toBe('ef');
    expect(dscpText(5)).toBe('5');
  });

  it('can be begun', () => {
    expect(['', 'a', 'af2', 'c', '4'].every((text) => DSCP.mayBegin(text))).toBe(true);
    expect(['x', 'af5', '100'].some((text) => DSCP.mayBegin(text))).toBe(false);
  });
});
