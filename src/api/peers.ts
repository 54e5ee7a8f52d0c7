/** What `show peers` and `show links` say. */
import type { AeadChoice, Policy, StormKind, StormRate, VlanConfig } from './config.js';
import type { LoopState } from './interfaces.js';
import type { LinkState } from './link-states.js';

export type AeadName = Exclude<AeadChoice, 'auto'>;

export type PeerState = 'up' | 'down' | 'shutdown';
export interface SessionStatus {
  establishedSecondsAgo: number;
  aead: AeadName;
  role: 'initiator' | 'responder';
}

export interface LinkStatus {
  interface: string;
  peer: string;
  link: number;
  description: string | null;
  state: LinkState;
  /** Carries data at this moment. */
  active: boolean;
  /** Cause of the last change, in words; null before the first. */
  cause: string | null;
  /** The last change in one line, with what was measured then. */
  detail: string | null;
  changedSecondsAgo: number | null;
  /** For how long damping still holds it back if it stays up; null when it does not. */
  dampedSecondsLeft: number | null;
  /** `address:port` or `[address]:port`; null while unknown. */
  local: string | null;
  remote: string | null;
  /** The remote end was learned from authenticated datagrams rather than configured. */
  remoteLearned: boolean;
  /**
   * The host name of the remote end, the addresses that it leads to, in order of preference, and what the last look-up did not
   * find; null where the remote end is no name.
   */
  remoteName: { name: string; addresses: readonly string[]; problem: string | null } | null;
  priority: number;
  intervalMs: number;
  holdMs: number;
  /** Forward error correction: datagrams for each parity datagram, or by the loss measured; null: off. */
  fec: number | 'auto' | null;
  /** Heartbeats in a row before it is used again. */
  upAfter: number;
  rttLastUs: number | null;
  rttMinUs: number | null;
  rttSmoothedUs: number | null;
  /** Half, 95 % and 99 % of the round trips of the last 30 to 60 seconds took no longer; to within an eighth. */
  rttP50Us: number | null;
  rttP95Us: number | null;
  rttP99Us: number | null;
  /** Mean deviation of the round-trip time, RFC 6298. */
  jitterUs: number | null;
  /** Of the last 48 to 64 heartbeats and what was sent between them. Out: toward the peer. */
  lossOutPermille: number | null;
  lossInPermille: number | null;
  /** In the last second, without IP and UDP headers; null where no history is kept. */
  sentBytesPerSecond: number | null;
  receivedBytesPerSecond: number | null;
  /** What the peer says it gets by this link. null, like the following two, while the link is down. */
  deliveredBytesPerSecond: number | null;
  /** Estimates: how long a datagram waits on the way to the peer, and what that way carries. */
  queueUs: number | null;
  capacityBytesPerSecond: number | null;
  /** Differentiated services code point of its datagrams, and their mark on this host; null without one. */
  dscp: number;
  fwmark: number | null;
  /** Bytes of the outer IP packet. */
  mtu: number | null;
  /** Many datagrams leave in one send (UDP GSO); null: it leaves by links of another peer. */
  gso: boolean | null;
  /** Why not, where it is on: the device refuses it, or the path loses what is sent so and spares single datagrams. */
  gsoLack: 'device' | 'path' | null;
  txDatagrams: number;
  txBytes: number;
  rxDatagrams: number;
  rxBytes: number;
  /** Datagrams of which another copy had come before. */
  rxCopies: number;
  /** Changes between up and not up since the link was configured. */
  transitions: number;
}

export interface PeerStatus {
  name: string;
  interface: string;
  description: string | null;
  publicKey: string | null;
  state: PeerState;
  /** Since it is up or down; null: it was never up. A rekey changes nothing. */
  changedSecondsAgo: number | null;
  /**
   * Why it is down, or what is amiss although it is up, in a few words; and what to do about it, in a sentence. Null while
   * nothing is amiss.
   */
  cause: string | null;
  advice: string | null;
  /** Why it went down the last time, in a few words; null: it never did. */
  lastDownCause: string | null;
  policy: Policy;
  /** The server that introduced it; null: it was not introduced. */
  introducedBy: string | null;
  /** Frames that are sent by two links: up to so many bytes (0: none), control traffic, code points. */
  duplicate: { smallBytes: number; control: boolean; dscp: readonly number[] };
  /** Group of peers between which frames are not switched; null: in none. */
  splitHorizon: number | null;
  /** What it carries; null: every frame as it is. */
  vlan: VlanConfig | null;
  /** Loops that it closes, by VLAN; 0: untagged. */
  loops: { vlan: number; state: LoopState }[];
  /** Kinds of frames that are limited, and whether it sends more than it may just now. */
  stormControl: (StormRate & { traffic: StormKind; isStorm: boolean })[];
  /** Frames dropped for that. */
  stormDrops: number;
  session: SessionStatus | null;
  /** Ids of the links that carry data now. */
  activeLinks: number[];
  lastHandshakeSecondsAgo: number | null;
  /** `own` for a peer that sends much. */
  resendRing: 'own' | 'shared';
  /** How far back datagrams could be sent again now. */
  resendReachMs: number;
  rxFrames: number;
  rxBytes: number;
  txFrames: number;
  txBytes: number;
  links: LinkStatus[];
}
