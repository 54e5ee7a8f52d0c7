import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as frame from '../../src/switch/frame.js';

const PAD = 7;

/** An arena with the frame at an odd offset and 0x81 bytes around it, so that reading outside shows. */
function place(content: number[]): { bytes: Uint8Array; length: number } {
  const bytes = new Uint8Array(PAD + content.length + 8).fill(0x81);
  bytes.set(content, PAD);
  return { bytes, length: content.length };
}

const mac = (text: string): number[] => text.split('-').map((octet) => Number.parseInt(octet, 16));
const u16 = (value: number): number[] => [value >> 8, value & 0xff];

describe('Ethernet view', () => {
  it('reads both addresses as two unsigned numbers', () => {
    const { bytes } = place([...mac('02-00-fe-dc-ba-98'), ...mac('00-1b-80-00-00-01'), 8, 0]);
    expect(frame.destinationHigh(bytes, PAD)).toBe(0x0200);
    expect(frame.destinationLow(bytes, PAD)).toBe(0xfedcba98);
    expect(frame.sourceHigh(bytes, PAD)).toBe(0x001b);
    expect(frame.sourceLow(bytes, PAD)).toBe(0x80000001);
  });

  it('knows group, broadcast and reserved addresses', () => {
    expect(frame.isGroup(0x0100)).toBe(true);
    expect(frame.isGroup(0x3333)).toBe(true);
    expect(frame.isGroup(0x0201)).toBe(false);
    expect(frame.isBroadcast(0xffff, 0xffffffff)).toBe(true);
    expect(frame.isBroadcast(0xffff, 0xfffffffe)).toBe(false);
    for (let last = 0; last < 16; last++) expect(frame.isReserved(0x0180, 0xc2000000 + last)).toBe(true);
    expect(frame.isReserved(0x0180, 0xc2000010)).toBe(false);
    expect(frame.isReserved(0x0180, 0xc2000100)).toBe(false);
    expect(frame.isReserved(0x0100, 0xc2000000)).toBe(false);
  });

  it('calls 13 bytes a runt and 14 not', () => {
    expect(frame.isRunt(13)).toBe(true);
    expect(frame.isRunt(14)).toBe(false);
  });

  it('finds the EtherType after zero, one and two tags, and stops there', () => {
    const addresses = [...mac('02-00-00-00-00-01'), ...mac('02-00-00-00-00-02')];
    const customer = [...u16(0x8100), ...u16(0xe123)];
    const service = [...u16(0x88a8), ...u16(0x0fff)];
    const cases: [number[], number, number, number][] = [
      [[...u16(0x0800)], 14, 0x0800, 0],
      [[...customer, ...u16(0x86dd)], 18, 0x86dd, 0x123],
      [[...service, ...customer, ...u16(0x0806)], 22, 0x0806, 0xfff],
      [[...service, ...customer, ...customer, ...u16(0x0806)], 22, 0x8100, 0xfff],
    ];
    for (const [tail, header, type, vlan] of cases) {
      const { bytes, length } = place([...addresses, ...tail]);
      expect(frame.ethernetHeaderLength(bytes, PAD, length)).toBe(header);
      expect(frame.etherType(bytes, PAD, length)).toBe(type);
      expect(frame.vlanId(bytes, PAD, length)).toBe(vlan);
    }
  });

  it('treats a tag cut short as a truncated frame, whatever bytes follow it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x8100, 0x88a8),
        fc.integer({ min: 0, max: 17 }),
        fc.boolean(),
        (tpid, cut, double) => {
          const first = [...new Array(12).fill(2), ...u16(tpid), 0, 1];
          const content = double ? [...first, ...u16(0x8100), 0, 1] : first;
          const { bytes, length } = place(content.slice(0, double ? Math.max(cut, 18) : cut));
          const tagged = length >= 14;
          expect(frame.ethernetHeaderLength(bytes, PAD, length)).toBe(0);
          expect(frame.etherType(bytes, PAD, length)).toBe(0);
          expect(frame.vlanId(bytes, PAD, length)).toBe(tagged && length >= 18 ? 1 : 0);
        },
      ),
    );
  });
});
