import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../src/daemon/observe/capture-filter.js';
import { FrameFilter } from '../../src/switch/frame-filter.js';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
const FRAMES = {
  tcp: bytes(`020000000002 020000000001 0800 4500002c00004000 40060000 0a000001 0a000002
    1f90 0050 0000000000000000 5002 ffff 0000 0000 00000000`),
  tagged: bytes(`020000000002 020000000001 8100 2005 86dd 60000000 0008 11 40
    fd000000000000000000000000000001 fd000000000000010000000000000002 0035 1234 0008 0000`),
  arp: bytes(
    'ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002',
  ),
  fragment: bytes(`020000000002 020000000001 0800 4500002c00000010 40110000 0a000001 0a000002
    1f90 0050 0000000000000000 5002 ffff 0000 0000 00000000`),
};

function matches(filter: string, frame: Uint8Array): boolean {
  const arena = new Uint8Array(frame.length + 20);
  arena.set(frame, 7);
  return new FrameFilter(compileFilter(filter)).matches(arena, 7, frame.length);
}

describe('capture filters', () => {
  it.each<[string, (keyof typeof FRAMES)[]]>([
    ['tcp', ['tcp']],
    ['udp', ['tagged', 'fragment']],
    ['ip', ['tcp', 'fragment']],
    ['ip6', ['tagged']],
    ['arp', ['arp']],
    ['ethertype 0x0806', ['arp']],
    ['vlan', ['tagged']],
    ['vlan 5', ['tagged']],
    ['vlan 6', []],
    ['host 10.0.0.1', ['tcp', 'arp', 'fragment']],
    ['src host 10.0.0.2', []],
    ['dst host 10.0.0.2', ['tcp', 'arp', 'fragment']],
    ['host 10.0.0.0/31', ['tcp', 'arp', 'fragment']],
    ['src host 10.0.0.2/31', []],
    ['host fd00:0:0:1::/64', ['tagged']],
    ['host fd00::1', ['tagged']],
    ['port 80', ['tcp']],
    ['src port 80', []],
    ['dst port 80 and tcp', ['tcp']],
    ['udp port 53', ['tagged']],
    ['mac 02:00:00:00:00:01', ['tcp', 'tagged', 'arp', 'fragment']],
    ['dst mac 0200.0000.0002', ['tcp', 'tagged', 'fragment']],
    ['broadcast', ['arp']],
    ['multicast', ['arp']],
    ['not arp', ['tcp', 'tagged', 'fragment']],
    ['arp or tcp', ['tcp', 'arp']],
    ['not (arp or tcp)', ['tagged', 'fragment']],
    ['not arp and not tcp', ['tagged', 'fragment']],
    ['ip and host 10.0.0.1 or arp', ['tcp', 'arp', 'fragment']],
    ['icmp or icmp6', []],
  ])('%s', (filter, expected) => {
    const found = Object.entries(FRAMES).filter(([, frame]) => matches(filter, frame));
    expect(found.map(([name]) => name)).toEqual(expected);
  });

  it.each([
    ['', 'it ends where a test should be'],
    ['host', 'it ends where an address or a prefix should be'],
    ['host 10.0.0.999', '"10.0.0.999" stands where an address or a prefix should be'],
    ['port 70000', '"70000" stands where a number from 0 to 65535 should be'],
    ['mac 02:00', '"02:00" stands where a MAC address should be'],
    ['tcp or', 'it ends where a test should be'],
    ['(tcp', 'it ends where ")" should be'],
    ['tcp)', '")" stands where the end should be'],
    ['frobnicate', '"frobnicate" stands where a test should be'],
    ['constructor', '"constructor" stands where a test should be'],
  ])('%j is refused', (filter, message) => {
    expect(() => compileFilter(filter)).toThrow(`in the filter ${message}`);
  });

  it('that are too long or too deep are refused', () => {
    expect(() => compileFilter(new Array(65).fill('arp').join(' or '))).toThrow('more than 64 tests');
    expect(() => compileFilter(`${'('.repeat(40)}arp${')'.repeat(40)}`)).toThrow('nested too deeply');
    expect(() => compileFilter(`${'not '.repeat(10_000)}arp`)).toThrow('nested too deeply');
  });

  it('mean what their words mean, however they are joined', () => {
    interface Tree {
      text: string;
      holds(frame: Uint8Array): boolean;
    }
    const leaf = (text: string): Tree => ({ text, holds: (frame: Uint8Array) => matches(text, frame) });
    const leaves = ['tcp', 'udp', 'arp', 'ip', 'vlan 5', 'host 10.0.0.1', 'port 53', 'broadcast'].map(leaf);
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(...leaves),
        tie('tree').map((of) => ({
          text: `not (${of.text})`,
          holds: (frame: Uint8Array) => !of.holds(frame),
        })),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
          text: `(${a.text}) and (${b.text})`,
          holds: (frame: Uint8Array) => a.holds(frame) && b.holds(frame),
        })),
        fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
          text: `(${a.text}) or (${b.text})`,
          holds: (frame: Uint8Array) => a.holds(frame) || b.holds(frame),
        })),
      ),
    }));
    fc.assert(
      fc.property(tree, (node) => {
        for (const frame of Object.values(FRAMES)) {
          expect(matches(node.text, frame), node.text).toBe(node.holds(frame));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('read nothing beyond a frame, wherever it is cut', () => {
    const filters = ['vlan 5 host 10.0.0.1 port 53', 'not vlan host fd00::1', 'not arp port 80'].map(
      (text) => new FrameFilter(compileFilter(text)),
    );
    for (const frame of Object.values(FRAMES)) {
      for (let length = 0; length < frame.length; length++) {
        const cut = new Proxy(frame.slice(0, length), {
          get(target, key) {
            if (typeof key === 'string' && Number(key) >= length)
              throw new Error(`${key} of ${length} was read`);
            return Reflect.get(target, key);
          },
        });
        for (const filter of filters) filter.matches(cut, 0, length);
      }
    }
  });
});
