/**
 * Guards of peers, off by default: an authenticated peer is on the LAN and could answer as its DHCP server, announce itself
 * as its router (RFC 6105), ask for memberships in place of the real querier, or use addresses of others. A static MAC
 * address guards itself: no other port may use it. A guarded peer's frames are looked at before anything is learned from
 * them; what cannot be looked through is dropped.
 */
import { readU16, readU32 } from '../../base/bytes.js';
import { Columns, uint32 } from '../../base/columns.js';
import type { GuardRow, GuardStretch } from '../../contract/answers.js';
import { DROP } from '../../contract/drops.js';
import type { GuardSettings } from '../../contract/guard-settings.js';
import { type Frame, sourceHigh, sourceLow, vlanId } from '../frame.js';
import { LOCAL_PORT, type MacTable } from '../mac-table.js';
import { Bindings } from './bindings.js';
import { GuardedPacket } from './packet.js';

/** Columns of drops by guard. */
const COUNTS = 5;
const COUNT = { SOURCE: 0, DHCP: 1, RA: 2, MULTICAST_ROUTER: 3, OPAQUE: 4 };
const NONE = new Uint32Array(COUNTS);
const PASSES = -1;

const BOOTREPLY = 2;
const DHCP_ACK = 5;
const COOKIE = 0x63825363;
const OPTIONS_AT = 240;
const OPTION = { PAD: 0, LEASE: 51, TYPE: 53, END: 255 };
const FOREVER_S = 0xffffffff;
const SECOND = 1e6;

interface Guarded {
  readonly settings: GuardSettings;
  readonly bindings: Bindings;
  readonly counts: Uint32Array;
}

export class Guards {
  /** By peer row; few are guarded. */
  private readonly guarded: (Guarded | undefined)[] = [];
  /** Frames of each port (row = port + 1) from MAC addresses that are static elsewhere. */
  private pins = uint32();
  /** Frames of each port from stations that are too many. */
  private excess = uint32();
  private readonly columns = new Columns(this, 'peers');
  private readonly packet = new GuardedPacket();
  private count = 0;
  private sources = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly macs: MacTable,
  ) {}

  /** Whether any peer is guarded. */
  get isOn(): boolean {
    return this.count > 0;
  }

  /** Whether what DHCP gives out is to be learned. */
  get learns(): boolean {
    return this.sources > 0;
  }

  /** null: no guards. */
  set(peer: number, settings: GuardSettings | null): void {
    const before = this.guarded[peer];
    if (before !== undefined && JSON.stringify(before.settings) === JSON.stringify(settings)) return;
    this.remove(peer);
    if (settings === null) return;
    const counts = new Uint32Array(COUNTS);
    this.guarded[peer] = { settings, bindings: new Bindings(settings.bindings), counts };
    this.count++;
    if (settings.source) this.sources++;
  }

  peerRemoved(peer: number): void {
    if (peer + 1 < this.columns.capacity) this.columns.reset(peer + 1);
    this.remove(peer);
  }

  private remove(peer: number): void {
    const before = this.guarded[peer];
    if (before === undefined) return;
    this.guarded[peer] = undefined;
    this.count--;
    if (before.settings.source) this.sources--;
  }

  /** Looks at a frame of a port. Returns the index in `DROP` of the reason to drop it, or -1. */
  check(port: number, frame: Frame, now: number): number {
    const guarded = port < 0 ? undefined : this.guarded[port];
    if (guarded === undefined && !this.learns) return PASSES;
    const { packet } = this;
    packet.read(this.bytes, frame);
    if (guarded !== undefined) {
      const reason = this.verdict(guarded, frame, now);
      if (reason !== PASSES) return reason;
    }
    // Only a server that may be one gives addresses out.
    if (this.learns && packet.isDhcpServer) this.leased(vlanId(this.bytes, frame.offset, frame.length), now);
    return PASSES;
  }

  private verdict(guarded: Guarded, frame: Frame, now: number): number {
    const { packet } = this;
    const { settings, counts } = guarded;
    if (packet.isOpaque) return counted(counts, COUNT.OPAQUE, DROP['guard-opaque']);
    if (settings.dhcpServer && packet.isDhcpServer)
      return counted(counts, COUNT.DHCP, DROP['guard-dhcp-server']);
    if (settings.ra && packet.isRouterAdvertisement) return counted(counts, COUNT.RA, DROP['guard-ra']);
    if (settings.multicastRouter && packet.isMulticastRouter)
      return counted(counts, COUNT.MULTICAST_ROUTER, DROP['guard-multicast-router']);
    if (settings.source && !this.isSource(guarded, frame, now))
      return counted(counts, COUNT.SOURCE, DROP['guard-source']);
    return PASSES;
  }

  private isSource({ bindings }: Guarded, frame: Frame, now: number): boolean {
    const { packet, bytes } = this;
    if (!packet.claims) return true;
    const high = sourceHigh(bytes, frame.offset);
    const low = sourceLow(bytes, frame.offset);
    if (packet.isArp && (packet.arpHigh !== high || packet.arpLow !== low)) return false;
    // Probes for duplicates (RFC 5227, RFC 4862) and clients of DHCP have no address yet.
    const isNone = packet.words[3] === 0 && packet.words[0] === 0 && packet.words[1] === 0;
    if (!isNone && !bindings.allows(packet.words, high, low, now)) return false;
    return !packet.claimsTarget || bindings.allows(packet.target, high, low, now);
  }

  /** A DHCP server answers: what it gives to a station behind a guarded peer is bound to it (RFC 2131). */
  private leased(vlan: number, now: number): void {
    const { bytes, packet, macs } = this;
    const { udpAt: at, udpEnd: end } = packet;
    if (at + OPTIONS_AT > end || bytes[at] !== BOOTREPLY || readU32(bytes, at + 236) !== COOKIE) return;
    let type = 0;
    let leaseS = 0;
    for (let option = at + OPTIONS_AT; option + 1 < end && bytes[option] !== OPTION.END; ) {
      if (bytes[option] === OPTION.PAD) {
        option++;
        continue;
      }
      const length = bytes[option + 1];
      if (option + 2 + length > end) return;
      if (bytes[option] === OPTION.TYPE && length === 1) type = bytes[option + 2];
      if (bytes[option] === OPTION.LEASE && length === 4) leaseS = readU32(bytes, option + 2);
      option += 2 + length;
    }
    const address = readU32(bytes, at + 16);
    if (type !== DHCP_ACK || leaseS === 0 || address === 0) return;
    const high = readU16(bytes, at + 28);
    const low = readU32(bytes, at + 30);
    const port = macs.lookup(vlan, high, low, now);
    const guarded = port < 0 ? undefined : this.guarded[port];
    if (guarded === undefined || !guarded.settings.source) return;
    const until = leaseS === FOREVER_S ? Number.POSITIVE_INFINITY : now + leaseS * SECOND;
    guarded.bindings.learn(address, high, low, until);
  }

  /** Counts a frame of a port from a MAC address that is static at another one. Returns the index in `DROP` of the reason. */
  pinned(port: number): number {
    this.columns.ensure(port + 2);
    this.pins[port + 1]++;
    return DROP['guard-static-mac'];
  }

  /** Counts a frame of a port from a station that is one too many. Returns the index in `DROP` of the reason. */
  limited(port: number): number {
    this.columns.ensure(port + 2);
    this.excess[port + 1]++;
    return DROP['guard-mac-limit'];
  }

  /** For `show guards`: what there is among `count` ports from the `from`th on, of which the TAP is the first. */
  stretch(from: number, count: number, now: number): GuardStretch {
    const rows: GuardRow[] = [];
    const { limits } = this.macs;
    const ports = Math.max(this.guarded.length, this.columns.capacity - 1, limits.end) - LOCAL_PORT;
    const end = Math.min(from + count, ports);
    for (let port = from + LOCAL_PORT; port < end + LOCAL_PORT; port++) {
      const guarded = port < 0 ? undefined : this.guarded[port];
      const pinned = this.pins[port + 1] ?? 0;
      const most = limits.of(port);
      const excess = this.excess[port + 1] ?? 0;
      if (guarded === undefined && pinned === 0 && most === 0 && excess === 0) continue;
      const { settings = null, counts = NONE } = guarded ?? {};
      const row: GuardRow = { port, settings, drops: [...counts], bindings: [], pinned, most, excess };
      guarded?.bindings.each(now, (words, leftUs) => row.bindings.push({ words: [...words], leftUs }));
      rows.push(row);
    }
    return { rows, next: end < ports ? end : -1 };
  }
}

function counted(counts: Uint32Array, column: number, reason: number): number {
  counts[column]++;
  return reason;
}
