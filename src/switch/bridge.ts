/**
 * The switch: where a frame goes, decided in one place for frames from the TAP and from peers.
 *
 * A port is a peer row (0 and up) or `LOCAL_PORT`, the TAP. Between peers of one split-horizon group no frame passes. While
 * all peers are in one, as in a full mesh, a frame from a peer is for the TAP alone and its destination is not looked up.
 */
import { DROP } from '../contract/drops.js';
import { FLOODS_TWICE, IS_AT_REST } from '../contract/uplinks.js';
import type { AddressClaims } from './address-claims.js';
import {
  destinationHigh,
  destinationLow,
  etherType,
  type Frame,
  isGroup,
  isReserved,
  isRunt,
  sourceHigh,
  sourceLow,
  vlanId,
} from './frame.js';
import type { Guards } from './guards/guards.js';
import { LEARN } from './learning.js';
import type { LoopGuard } from './loop-guard.js';
import { LOCAL_PORT, type MacTable } from './mac-table.js';
import type { Snooping } from './multicast/snooping.js';
import type { Ports } from './ports.js';
import { reservedKind } from './reserved.js';
import type { StormControl } from './storm.js';
import type { Suppression } from './suppression/suppression.js';
import { dropFor, FLOOD } from './verdicts.js';
import type { Vlans } from './vlans.js';

/** What the switch asks of the table of peers. */
interface Peers {
  /** Bits of `AT_REST` by peer row. */
  readonly rests: Uint8Array;
}

/** What the switch is made of. */
interface BridgeParts {
  readonly bytes: Uint8Array;
  readonly macs: MacTable;
  readonly peers: Peers;
  readonly ports: Ports;
  readonly guard: LoopGuard;
  readonly snooping: Snooping;
  readonly guards: Guards;
  readonly storm: StormControl;
  readonly vlans: Vlans;
  readonly suppression: Suppression;
  readonly claims: AddressClaims;
}

export class Bridge {
  /** Bits of `RESERVED`: frames to reserved groups that are forwarded. */
  reserved = 0;
  private readonly bytes: Uint8Array;
  private readonly macs: MacTable;
  private readonly peers: Peers;
  private readonly ports: Ports;
  private readonly guard: LoopGuard;
  private readonly snooping: Snooping;
  private readonly guards: Guards;
  private readonly storm: StormControl;
  private readonly vlans: Vlans;
  private readonly suppression: Suppression;
  private readonly claims: AddressClaims;

  constructor(parts: BridgeParts) {
    this.bytes = parts.bytes;
    this.macs = parts.macs;
    this.peers = parts.peers;
    this.ports = parts.ports;
    this.guard = parts.guard;
    this.snooping = parts.snooping;
    this.guards = parts.guards;
    this.storm = parts.storm;
    this.vlans = parts.vlans;
    this.suppression = parts.suppression;
    this.claims = parts.claims;
  }

  /**
   * Decides where a frame that came in by `port` goes, and learns its source; `now` in µs. Returns a verdict
   * (`verdicts.ts`). Where VLANs are on, the frame afterwards carries the tag of its VLAN.
   */
  decide(port: number, frame: Frame, now: number): number {
    if (isRunt(frame.length)) return dropFor(port === LOCAL_PORT ? DROP['tap-runt'] : DROP['frame-runt']);
    if (!this.vlans.isOn) return this.route(port, frame, now);
    const reason = this.vlans.admit(port, frame);
    if (reason >= 0) return dropFor(reason);
    const verdict = this.route(port, frame, now);
    const mayLeave = verdict < LOCAL_PORT || this.vlans.carries(verdict, frame);
    return mayLeave ? verdict : dropFor(DROP['vlan-egress']);
  }

  private route(port: number, frame: Frame, now: number): number {
    const { bytes } = this;
    const { offset, length } = frame;
    const isLocal = port === LOCAL_PORT;
    const high = destinationHigh(bytes, offset);
    const low = destinationLow(bytes, offset);
    const isKept = isReserved(high, low);
    if (isKept && (this.reserved & reservedKind(low, etherType(bytes, offset, length))) === 0) {
      return dropFor(DROP['reserved-group']);
    }
    if (this.guard.probe.isProbe(high, low) && this.guard.probe.bodyOf(frame) >= 0) {
      const reason = this.guard.take(port, frame, now);
      if (reason >= 0) return dropFor(reason);
      return isLocal || this.ports.forwards ? FLOOD : LOCAL_PORT;
    }
    const vlan = vlanId(bytes, offset, length);
    // What bridges say to each other passes: they may cut the loop themselves.
    if (!isLocal && !isKept && this.ports.isHeld(port, vlan)) return dropFor(DROP['loop-held']);
    if (this.guards.isOn) {
      const reason = this.guards.check(port, frame, now);
      if (reason >= 0) return dropFor(reason);
    }
    if (this.storm.isOn) {
      const reason = this.storm.check(port, frame, now);
      if (reason >= 0) return dropFor(reason);
    }
    const rests = isLocal ? 0 : this.peers.rests[port];
    if ((rests & FLOODS_TWICE) !== 0 && isGroup(high)) return dropFor(DROP['standby-uplink']);
    const staysHere = !isLocal && !this.ports.forwards;
    if ((rests & IS_AT_REST) === 0) {
      const learned = this.macs.learn(vlan, sourceHigh(bytes, offset), sourceLow(bytes, offset), port, now);
      if (learned === LEARN.MOVED || learned === LEARN.FROZEN) this.guard.rounds.suspect(vlan);
      if (learned === LEARN.FROZEN) return dropFor(DROP['mac-frozen']);
      if (learned === LEARN.PINNED) return dropFor(this.guards.pinned(port));
      if (learned === LEARN.LIMITED) return dropFor(this.guards.limited(port));
      if (isGroup(high)) this.claims.take(port, frame, vlan, now);
      // Who may not use a MAC address teaches nothing in its name.
      if (this.suppression.isOn && learned !== LEARN.REFUSED) {
        if (this.suppression.take(port, frame, !staysHere, now)) return dropFor(DROP['arp-suppressed']);
      }
    }
    if (isGroup(high)) this.guard.rounds.flooded(vlan);
    if (this.snooping.isOn && isGroup(high)) {
      const verdict = this.snooping.decide(port, frame, vlan, now);
      if (verdict >= 0 && this.ports.isHeld(verdict, vlan)) return dropFor(DROP['loop-held']);
      return verdict === FLOOD && staysHere ? LOCAL_PORT : verdict;
    }
    if (staysHere) return LOCAL_PORT;
    if (isGroup(high)) return FLOOD;
    const target = this.macs.lookup(vlan, high, low, now);
    if (target >= 0 && this.ports.isHeld(target, vlan)) return dropFor(DROP['loop-held']);
    if (target === port) return dropFor(DROP['own-station']);
    return target < 0 || this.ports.mayPass(port, target) ? target : dropFor(DROP['split-horizon']);
  }
}
