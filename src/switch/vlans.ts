/**
 * VLANs of ports (IEEE 802.1Q-2022 sections 6.9 and 8.6): which frames may come in by a port, which may go out, and whether with
 * a tag.
 *
 * A transparent port carries frames as they are. Any other has a native VLAN, in which it takes and gives frames without a
 * tag, or VLANs whose frames are tagged, or both. Inside the switch a frame carries the tag of its VLAN, so that whoever looks at
 * it reads the VLAN from the frame itself: `admit` pushes a tag where there is none, `leave` pops it where there shall be none.
 *
 * Frames with a provider's tag outside pass between transparent ports only. A second tag is never laid open: who pops the first
 * one of two would carry a frame from one VLAN to another.
 */
import { readU16, writeU16 } from '../base/bytes.js';
import { Columns, int32, uint8 } from '../base/columns.js';
import { DROP } from '../contract/drops.js';
import type { VlanSettings } from '../contract/port-settings.js';
import { ETHERNET_HEADER, type Frame, TPID_CUSTOMER, VLAN_TAG } from './frame.js';
import { VLANS } from './mac-table.js';

const PASSES = -1;
/** Not a VLAN that there can be. */
const NO_VLAN = 0;
/** Bytes of both addresses: they move when a tag comes or goes. */
const ADDRESSES = 12;
const TAGGED_HEADER = ETHERNET_HEADER + VLAN_TAG;
const VLAN_ID = 0x0fff;
const PRIORITY = 0xf000;
/** EtherTypes of tags that are not a customer's: IEEE 802.1ad and its two forerunners. */
const PROVIDER_TAGS = [0x88a8, 0x9100, 0x9200] as const;
/** Longest frame that fits the length fields of the wire. */
const LONGEST_FRAME = 65_535;
const NOT_TAGGED = new Int32Array(VLANS / 32);
/** VLANs that there can be: neither 0 nor 4095. */
const MOST_TAGGED = 4094;
const TAP_ROW = 0;

export class Vlans {
  /** By port, whose row is the port + 1. 1: not transparent. */
  private aware = uint8();
  private native = int32(NO_VLAN);
  private readonly columns = new Columns(this, 'peers');
  /** Bit sets of the VLANs that a port carries with a tag. */
  private readonly tagged: Int32Array[] = [];
  /** How many peers name a VLAN. */
  private readonly named = new Int32Array(VLANS);
  private count = 0;
  /** Priority and VLAN of the tag that was popped last. */
  private popped = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** Whether any port is not transparent. */
  get isOn(): boolean {
    return this.count > 0;
  }

  /** What a port carries; null: everything, as it is. Returns whether that changes anything. */
  set(port: number, settings: VlanSettings | null): boolean {
    const row = port + 1;
    this.columns.ensure(row + 1);
    const native = settings?.native ?? NO_VLAN;
    const tagged = settings === null ? NOT_TAGGED : bitsOf(settings.tagged);
    const isAware = Number(settings !== null);
    const before = this.tagged[row] ?? NOT_TAGGED;
    const isSame = before.every((word, index) => word === tagged[index]);
    if (isSame && this.aware[row] === isAware && this.native[row] === native) return false;
    this.count += isAware - this.aware[row];
    this.name(row, -1);
    this.aware[row] = isAware;
    this.native[row] = native;
    this.tagged[row] = tagged;
    this.name(row, 1);
    return true;
  }

  /** Counts the VLANs that a peer names once more or once less; one that carries all names none. */
  private name(row: number, more: number): void {
    if (row === TAP_ROW) return;
    if (this.native[row] !== NO_VLAN) this.named[this.native[row]] += more;
    const tagged = this.tagged[row] ?? NOT_TAGGED;
    if (tagged === NOT_TAGGED || countOf(tagged) === MOST_TAGGED) return;
    for (let vlan = 0; vlan < VLANS; vlan++) this.named[vlan] += more * bitOf(tagged, vlan);
  }

  /** Whether a line of a peer names a VLAN. */
  isNamed(vlan: number): boolean {
    return this.named[vlan] > 0;
  }

  /** Whether a port takes frames of a VLAN; 0 is no tag, which only a transparent port leaves so. */
  carriesVlan(port: number, vlan: number): boolean {
    const row = port + 1;
    if (row >= this.columns.capacity || this.aware[row] === 0) return true;
    return vlan !== NO_VLAN && (vlan === this.native[row] || this.isTagged(row, vlan));
  }

  /** Whether frames of a VLAN have no tag at a port. */
  isNative(port: number, vlan: number): boolean {
    const row = port + 1;
    return row < this.columns.capacity && vlan !== NO_VLAN && vlan === this.native[row];
  }

  peerRemoved(peer: number): void {
    const row = peer + 1;
    if (row >= this.columns.capacity) return;
    this.count -= this.aware[row];
    this.name(row, -1);
    this.tagged[row] = NOT_TAGGED;
    this.columns.reset(row);
  }

  /**
   * Takes in a frame, not a runt, that came by a port: afterwards it carries the tag of its VLAN. Returns the index in `DROP` of
   * the reason to drop it, or -1.
   */
  admit(port: number, frame: Frame): number {
    const row = port + 1;
    if (row >= this.columns.capacity || this.aware[row] === 0) return PASSES;
    const { bytes } = this;
    const at = frame.offset + ADDRESSES;
    const type = readU16(bytes, at);
    const native = this.native[row];
    if (type !== TPID_CUSTOMER) {
      const isOurs = native !== NO_VLAN && !isProviderTag(type) && hasRoom(frame);
      if (!isOurs) return DROP['vlan-ingress'];
      this.push(frame, native);
      return PASSES;
    }
    if (frame.length < TAGGED_HEADER) return DROP['vlan-ingress'];
    const tag = readU16(bytes, at + 2);
    const vlan = tag & VLAN_ID;
    if (vlan !== NO_VLAN) return this.isTagged(row, vlan) ? PASSES : DROP['vlan-ingress'];
    // A tag of priority alone says nothing of a VLAN.
    if (native === NO_VLAN) return DROP['vlan-ingress'];
    writeU16(bytes, at + 2, (tag & PRIORITY) | native);
    return PASSES;
  }

  /** Whether a frame inside the switch may go out by a port. */
  carries(port: number, frame: Frame): boolean {
    const row = port + 1;
    if (row >= this.columns.capacity || this.aware[row] === 0) return true;
    const { bytes } = this;
    const at = frame.offset + ADDRESSES;
    if (frame.length < TAGGED_HEADER || readU16(bytes, at) !== TPID_CUSTOMER) return false;
    const vlan = readU16(bytes, at + 2) & VLAN_ID;
    if (vlan === NO_VLAN || vlan !== this.native[row]) return this.isTagged(row, vlan);
    const inner = readU16(bytes, at + VLAN_TAG);
    if (inner === TPID_CUSTOMER || isProviderTag(inner)) return false;
    // A checksum that would be summed from within the tag.
    return frame.flags === 0 || frame.csumStart >= TAGGED_HEADER;
  }

  /** Whether a frame that a port `carries` goes out without its tag there. */
  untags(port: number, { offset }: Frame): boolean {
    const row = port + 1;
    if (row >= this.columns.capacity || this.native[row] === NO_VLAN) return false;
    return (readU16(this.bytes, offset + ADDRESSES + 2) & VLAN_ID) === this.native[row];
  }

  /** Pops the tag of a frame that a port `carries`, if it `untags` it. Returns whether it does. */
  leave(port: number, frame: Frame): boolean {
    if (!this.untags(port, frame)) return false;
    const { bytes } = this;
    const { offset } = frame;
    this.popped = readU16(bytes, offset + ADDRESSES + 2);
    bytes.copyWithin(offset + VLAN_TAG, offset, offset + ADDRESSES);
    move(frame, VLAN_TAG);
    return true;
  }

  /** Puts back the tag that `leave` has popped last, from the same frame. */
  putBack(frame: Frame): void {
    this.push(frame, this.popped);
  }

  private push(frame: Frame, tag: number): void {
    const { bytes } = this;
    const { offset } = frame;
    bytes.copyWithin(offset - VLAN_TAG, offset, offset + ADDRESSES);
    move(frame, -VLAN_TAG);
    writeU16(bytes, frame.offset + ADDRESSES, TPID_CUSTOMER);
    writeU16(bytes, frame.offset + ADDRESSES + 2, tag);
  }

  private isTagged(row: number, vlan: number): boolean {
    return bitOf(this.tagged[row], vlan) === 1;
  }
}

function bitOf(bits: Int32Array, vlan: number): number {
  return (bits[vlan >> 5] >>> (vlan & 31)) & 1;
}

function countOf(bits: Int32Array): number {
  let count = 0;
  for (let vlan = 0; vlan < VLANS; vlan++) count += bitOf(bits, vlan);
  return count;
}

/** The frame begins so many bytes later than before. */
function move(frame: Frame, by: number): void {
  frame.offset += by;
  frame.length -= by;
  frame.csumStart -= by;
  frame.tunnelL4 -= by;
  frame.innerL3 -= by;
}

function isProviderTag(type: number): boolean {
  return type === PROVIDER_TAGS[0] || type === PROVIDER_TAGS[1] || type === PROVIDER_TAGS[2];
}

/** Whether a tag may be added; super-frames are cut. */
function hasRoom(frame: Frame): boolean {
  return frame.gsoType !== 0 || frame.length + VLAN_TAG <= LONGEST_FRAME;
}

function bitsOf(ranges: VlanSettings['tagged']): Int32Array {
  if (ranges.length === 0) return NOT_TAGGED;
  const bits = new Int32Array(NOT_TAGGED.length);
  for (const [first, last] of ranges) {
    for (let vlan = first; vlan <= last; vlan++) bits[vlan >> 5] |= 1 << (vlan & 31);
  }
  return bits;
}
