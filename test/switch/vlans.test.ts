import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP } from '../../src/contract/drops.js';
import type { VlanSettings } from '../../src/contract/port-settings.js';
import { Frame } from '../../src/switch/frame.js';
import { LOCAL_PORT } from '../../src/switch/mac-table.js';
import { Vlans } from '../../src/switch/vlans.js';

const AT = 32;
const PORTS = [LOCAL_PORT, 0, 1, 2];
const CUSTOMER = 0x8100;

/** A frame as the model sees it: its tags as type and value, and the rest. */
interface Tag {
  type: number;
  value: number;
}

const vlan = fc.constantFrom(1, 2, 31, 32, 4094);
const settings: fc.Arbitrary<VlanSettings | null> = fc.option(
  fc.record({
    native: fc.oneof(fc.constant(0), vlan),
    tagged: fc.array(
      fc.oneof(
        fc.constantFrom([1, 4094], [2, 31]),
        vlan.map((id) => [id, id]),
      ) as never,
    ),
  }),
);
const tag: fc.Arbitrary<Tag> = fc.record({
  type: fc.oneof({ weight: 4, arbitrary: fc.constant(CUSTOMER) }, fc.constantFrom(0x88a8, 0x9100)),
  value: fc
    .tuple(fc.nat(15), fc.oneof(vlan, fc.constantFrom(0, 4095)))
    .map(([priority, id]) => (priority << 12) | id),
});

function write(tags: readonly Tag[]): number[] {
  const addresses = Array.from({ length: 12 }, (_, index) => index + 1);
  const words = [...tags.flatMap(({ type, value }) => [type, value]), 0x0800];
  return [
    ...addresses,
    ...words.flatMap((word) => [word >> 8, word & 255]),
    ...Array.from({ length: 40 }, (_, index) => 200 + index),
  ];
}

const carriesTagged = ({ tagged }: VlanSettings, id: number): boolean =>
  tagged.some(([first, last]) => id >= first && id <= last);

/** The tags inside the switch; null: dropped. */
function admitted(port: VlanSettings | null, tags: readonly Tag[]): Tag[] | null {
  if (port === null) return [...tags];
  const { native } = port;
  const [outer, ...rest] = tags;
  if (outer === undefined) return native === 0 ? null : [{ type: CUSTOMER, value: native }];
  if (outer.type !== CUSTOMER) return null;
  const id = outer.value & 4095;
  if (id !== 0) return carriesTagged(port, id) ? [...tags] : null;
  return native === 0 ? null : [{ type: CUSTOMER, value: (outer.value & 0xf000) | native }, ...rest];
}

/** The tags as they go out by a port; null: they do not. */
function left(port: VlanSettings | null, tags: readonly Tag[]): Tag[] | null {
  if (port === null) return [...tags];
  const [outer, ...rest] = tags;
  const id = (outer?.value ?? 0) & 4095;
  if (outer?.type !== CUSTOMER || id === 0) return null;
  if (id === port.native) return rest.length > 0 ? null : [];
  return carriesTagged(port, id) ? [...tags] : null;
}

describe('VLANs', () => {
  it('take in, carry, tag and untag as a model does, copy after copy', () => {
    const ports = fc.tuple(settings, settings, settings, settings);
    fc.assert(
      fc.property(ports, fc.array(tag, { maxLength: 2 }), fc.boolean(), (of, tags, isPartial) => {
        const bytes = new Uint8Array(200);
        const vlans = new Vlans(bytes);
        PORTS.forEach((port, index) => {
          vlans.set(port, of[index]);
        });
        expect(vlans.isOn).toBe(of.some((one) => one !== null));
        PORTS.forEach((from, index) => {
          const content = write(tags);
          bytes.set(content, AT);
          const header = 14 + 4 * tags.length;
          const frame = new Frame().place(AT, content.length).describe(isPartial ? 1 : 0, header + 20, 6);
          const inside = admitted(of[index], tags);
          const reason = vlans.admit(from, frame);
          expect(reason).toBe(inside === null ? DROP['vlan-ingress'] : -1);
          if (inside === null) return;
          PORTS.forEach((to, other) => {
            const wanted = left(of[other], inside);
            expect(vlans.carries(to, frame)).toBe(wanted !== null);
            if (wanted === null) return;
            const isPopped = vlans.leave(to, frame);
            expect([...bytes.subarray(frame.offset, frame.offset + frame.length)]).toEqual(write(wanted));
            // The checksum is still summed from the same byte of the packet.
            expect(frame.length - frame.csumStart).toBe(20);
            if (isPopped) vlans.putBack(frame);
          });
          expect([...bytes.subarray(frame.offset, frame.offset + frame.length)]).toEqual(write(inside));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('are off again once no port has any, and say what changes something', () => {
    const vlans = new Vlans(new Uint8Array(100));
    const access = { native: 10, tagged: [] };
    expect(vlans.set(3, null)).toBe(false);
    expect(vlans.set(3, access)).toBe(true);
    expect(vlans.set(3, { ...access })).toBe(false);
    expect(vlans.set(3, { native: 10, tagged: [[20, 20]] })).toBe(true);
    expect(vlans.set(LOCAL_PORT, access)).toBe(true);
    vlans.peerRemoved(3);
    vlans.peerRemoved(900);
    expect(vlans.isOn).toBe(true);
    expect(vlans.set(LOCAL_PORT, null)).toBe(true);
    expect(vlans.isOn).toBe(false);
    expect(vlans.set(3, access)).toBe(true);
  });

  it('drop what ends within its tag, what a tag would make too long, and a checksum from within the tag', () => {
    const bytes = new Uint8Array(70_000);
    const vlans = new Vlans(bytes);
    vlans.set(0, { native: 10, tagged: [[20, 20]] });
    const frame = new Frame().describe(0, 0, 0);
    bytes.set(write([]), AT);
    expect(vlans.admit(0, frame.place(AT, 65_532))).toBe(DROP['vlan-ingress']);
    expect(vlans.admit(0, frame.place(AT, 65_531))).toBe(-1);
    expect(frame.length).toBe(65_535);
    bytes.set(write([{ type: CUSTOMER, value: 20 }]), AT);
    expect(vlans.admit(0, frame.place(AT, 17))).toBe(DROP['vlan-ingress']);
    expect(vlans.admit(0, frame.place(AT, 18))).toBe(-1);
    bytes.set(write([{ type: CUSTOMER, value: 10 }]), AT);
    expect(vlans.carries(0, frame.place(AT, 60).describe(1, 17, 2))).toBe(false);
    expect(vlans.carries(0, frame.describe(1, 18, 2))).toBe(true);
    expect(vlans.carries(0, frame.describe(0, 0, 0))).toBe(true);
  });
});
