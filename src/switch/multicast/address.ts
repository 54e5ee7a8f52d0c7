/**
 * Multicast groups by their IP address, as four words: an IPv6 address, or an IPv4 address in the last word after
 * `::ffff:0:0/96` (RFC 4291 section 2.5.5.2), so that one kind of key serves both families.
 */
import { readU32 } from '../../base/bytes.js';

/** Index of a family in tables that have a row for each. */
export const FAMILY = { IPV4: 0, IPV6: 1 } as const;
export const FAMILIES = 2;

const MAPPED = 0xffff;

/** A group or source address. One object, filled again and again. */
export class IpAddress {
  readonly words = new Int32Array(4);

  readIpv4(bytes: Uint8Array, at: number): void {
    this.words[0] = 0;
    this.words[1] = 0;
    this.words[2] = MAPPED;
    this.words[3] = readU32(bytes, at);
  }

  readIpv6(bytes: Uint8Array, at: number): void {
    for (let word = 0; word < 4; word++) this.words[word] = readU32(bytes, at + 4 * word);
  }

  copy(from: IpAddress): void {
    for (let word = 0; word < 4; word++) this.words[word] = from.words[word];
  }

  get isUnspecified(): boolean {
    const { words } = this;
    return words[0] === 0 && words[1] === 0 && words[3] === 0 && (words[2] === 0 || words[2] === MAPPED);
  }

  get isIpv4(): boolean {
    return this.words[0] === 0 && this.words[1] === 0 && this.words[2] === MAPPED;
  }

  /** 224.0.0.0/4 or ff00::/8. */
  get isMulticast(): boolean {
    return this.isIpv4 ? this.words[3] >>> 28 === 0xe : this.words[0] >>> 24 === 0xff;
  }

  /**
   * Whether it is a group of one link, which reaches every port: 224.0.0.0/24 (RFC 4541 section 2.1.2) and all IPv6 groups
   * of link-local scope or less (ff02::/16), among them those of neighbour discovery and MLD.
   */
  get isLinkScope(): boolean {
    return this.isIpv4
      ? this.words[3] >>> 8 === 0xe00000
      : this.words[0] >>> 24 === 0xff && ((this.words[0] >>> 16) & 0x0f) <= 2;
  }

  /** Negative, 0 or positive: as a number it is lower than, equal to or higher than the other. */
  compare(other: IpAddress): number {
    for (let word = 0; word < 4; word++) {
      const difference = (this.words[word] >>> 0) - (other.words[word] >>> 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}
