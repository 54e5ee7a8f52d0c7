import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipKey, parseCidr, parseIp, parseMac } from '../../src/grammar/address.js';
import * as values from '../../src/grammar/values.js';

const reads = (type: values.ValueType, text: string) => !values.isRefusal(type.parse(text));

describe('addresses', () => {
  it('agrees with node:net on what an address is', () => {
    const soup = fc.stringMatching(/^[0-9a-f:.]{0,24}$/);
    const property = fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), soup), (text) => {
      // node:net takes leading zeros in no version; both refuse them.
      expect(parseIp(text)?.family ?? 0).toBe(isIP(text));
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it('knows two spellings of one address', () => {
    const key = (text: string) => ipKey(parseIp(text) as NonNullable<ReturnType<typeof parseIp>>);
    expect(key('2001:DB8:0:0::1')).toBe(key('2001:db8::0.0.0.1'));
    expect(key('::1')).not.toBe(key('::2'));
  });

  it.each(['10.0.0.1/33', '10.0.0.1/', '10.0.0.1/08', '10.0.0.1/-1', '::1/129', 'x/8', '10.0.0.1'])(
    'refuses %s as address with prefix',
    (text) => expect(parseCidr(text)).toBeNull(),
  );

  it('reads the three ways of writing a MAC address', () => {
    for (const text of ['02:00:5E:10:00:0a', '02-00-5e-10-00-0A', '0200.5e10.000a']) {
      expect(parseMac(text)).toBe('02:00:5e:10:00:0a');
    }
    expect(parseMac('02:00-5e:10:00:0a')).toBeNull();
  });
});

describe('value types', () => {
  const cases: [string, values.ValueType, string[], string[]][] = [
    ['range', values.range(0, 7), ['0', '7', '007'], ['8', '-1', '1.0', '1e0', '0x1', '', '9'.repeat(50)]],
    [
      'A.B.C.D',
      values.IPV4,
      ['192.0.2.1'],
      ['0.0.0.0', '224.0.0.1', '255.255.255.255', '1.2.3', '01.2.3.4', '::1'],
    ],
    [
      'X:X::X:X',
      values.IPV6,
      ['2001:db8::1', 'fe80::1'],
      ['::', 'ff02::1', '::ffff:10.0.0.1', '1.2.3.4', 'fe80::1%eth0'],
    ],
    [
      'A.B.C.D/M',
      values.CIDR4,
      ['10.0.0.1/24', '10.0.0.0/31', '10.0.0.0/32'],
      ['10.0.0.0/24', '10.0.0.255/24', '0.1.2.3/8'],
    ],
    ['X:X::X:X/M', values.CIDR6, ['2001:db8::1/64', '2001:db8::/64'], ['::/0', '10.0.0.1/24']],
    [
      'MAC',
      values.MAC,
      ['02:00:00:00:00:01'],
      ['01:00:00:00:00:01', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '02'],
    ],
    [
      'IFNAME',
      values.IFNAME,
      ['octo0', 'br-lan.7', 'a'.repeat(15), 'ü'.repeat(7)],
      ['a'.repeat(16), 'ü'.repeat(8), 'a/b', 'a:1', '.', '..', '192.0.2.1', 'a%d'],
    ],
    [
      'NAME',
      values.NAME,
      ['osaka', '__proto__', 'a.b-c_d', '大阪', 'head office', 'x'.repeat(63)],
      ['-x', 'a  b', 'a ', ' a', 'a/b', '', 'x'.repeat(64), '.x'],
    ],
    ['FILENAME', values.FILENAME, ['/etc/octolink/k'], ['k', './k', '/']],
    [
      'BASE64',
      values.KEY,
      ['hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo='],
      ['hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmp=', 'abc', `${'A'.repeat(43)}=`],
    ],
    [
      'A.B.C.D:PORT',
      values.ENDPOINT4,
      ['192.0.2.1:1', '192.0.2.1:65535'],
      ['192.0.2.1', '192.0.2.1:0', '192.0.2.1:65536', '224.0.0.1:1', '[::1]:1', ':1', 'a:1'],
    ],
    [
      '[X:X::X:X]:PORT',
      values.ENDPOINT6,
      ['[2001:db8::1]:1', '[::1]:7700'],
      ['2001:db8::1', '[::1]', '[::1]:', '[::]:1', '[192.0.2.1]:1', '[ff02::1]:1', '::1:1', '[[::1]]:1'],
    ],
    ['TEXT', values.TEXT, ['x', '# "', 'x'.repeat(255)], ['x'.repeat(256), '\x1b', '\u202e']],
    ['LINE', values.LINE, ['x', 'x'.repeat(255)], ['x'.repeat(256)]],
  ];

  it.each(cases)('%s takes what it should and nothing else', (_label, type, good, bad) => {
    for (const text of good) expect([text, reads(type, text)]).toEqual([text, true]);
    for (const text of bad) expect([text, reads(type, text)]).toEqual([text, false]);
  });

  it('lets every good value begin as it does', () => {
    for (const [, type, good] of cases) {
      for (const text of good) expect(type.mayBegin(text.slice(0, 1)), `${type.label} ${text}`).toBe(true);
    }
  });
});
