/** Invitations, and what comes of one at the host that joins. */
import type { VlanConfig } from './config.js';

/** What the token of every invitation begins with, so that one is recognized where it should not be. */
export const TOKEN_PREFIX = 'octolink1-';

export interface InviteParams {
  /** Name of the member to be, or where several may come, of the invitation: they are then NAME-1, NAME-2 … */
  name: string;
  /** Needed only where several interfaces admit clients. */
  interface?: string;
  /** Template of who comes; absent: that of the interface's `authorized-keys`. */
  template?: string;
  /** VLANs of who comes; absent: those of the template. */
  vlan?: VlanConfig;
  /** Seconds for which the invitation holds, 60 to 31,536,000. */
  validS: number;
  /** How many hosts may come by it, 1–1000. */
  uses: number;
  /**
   * Address inside the network: `auto`, one free address of the interface's prefix for each; `none`; or this one. Absent: `auto`
   * where frames of who comes reach the interface's addresses, else `none`.
   */
  address?: string;
  /** Addresses with ports at which this host can be reached; absent: those it finds itself. */
  endpoints?: string[];
}

export interface InviteResult {
  name: string;
  interface: string;
  /** A secret: whoever has it may join. It is told this once. */
  token: string;
  /** Milliseconds since the epoch. */
  expiresMs: number;
  uses: number;
  /** What the port of who comes will carry; null: every frame as it is. */
  vlan: VlanConfig | null;
  /** `auto`, `none` or the one address. */
  address: string;
  /** Where the token says that this host can be reached. */
  endpoints: string[];
}

/** Who came by an invitation. */
export interface InvitedMember {
  name: string;
  /** Base64 of 32 bytes. */
  publicKey: string;
  addresses: string[];
  joinedMs: number;
}

export interface InvitationStatus {
  interface: string;
  name: string;
  template: string | null;
  /** VLANs of who comes; null: those of the template. */
  vlan: VlanConfig | null;
  /** How many hosts may come, and who did. */
  uses: number;
  members: InvitedMember[];
  madeMs: number;
  expiresMs: number;
  state: 'open' | 'used' | 'expired';
}

/** What was revoked. */
export interface RevokeResult {
  /** Names of invitations that are worth nothing now. */
  invitations: string[];
  /** Members that were turned out. */
  members: string[];
}

export interface JoinParams {
  /** A secret. */
  token: string;
  /** Name of the interface here; absent: the one in the token. */
  interface?: string;
}

/** One way that was tried to the inviter. */
export interface JoinPath {
  /** Address and network interface of this host. */
  local: string;
  device: string;
  /** Address and port of the inviter. */
  remote: string;
  /** Microseconds until the answer; null: there was none. */
  rttUs: number | null;
  /** Why there was none, a sentence; null: nobody said. */
  problem: string | null;
  /** Id of the link that will take it; null: it is not needed, or does not work. */
  link: number | null;
}

/** The terms under which this host joins, and the lines that make it so. */
export interface JoinOffer {
  interface: string;
  /** The inviter, as a peer here. */
  peer: string;
  /** What the inviter calls this host. */
  name: string;
  /** Public key of this host, base64. */
  publicKey: string;
  addresses: string[];
  /** What the inviter carries to and from this host; null: it has not said that it limits anything. */
  vlan: VlanConfig | null;
  /** Lines of the configuration, not applied yet. */
  lines: string[];
  paths: JoinPath[];
}

/** A first interface, to which others can be invited. */
export interface SetupParams {
  interface: string;
  /** CIDR notation, one at least. */
  addresses: string[];
  listenPort: number;
  /** Links that each member may have, 1–8; absent: as many as this host has addresses, and two at least. */
  links?: number;
}

export interface SetupProposal extends Omit<SetupParams, 'links'> {
  /** Lines of the configuration, not applied yet. */
  lines: string[];
}

export interface InvitationMethods {
  /** What `setup` would configure; makes the empty file of clients that it names. */
  'setup.propose': { params: SetupParams; result: SetupProposal };
  'invitation.make': { params: InviteParams; result: InviteResult };
  'invitation.revoke': { params: { name: string; interface?: string }; result: RevokeResult };
  'show.invitations': { params: { interface?: string }; result: InvitationStatus[] };
  /** Makes this host known to the inviter. Changes no configuration here. */
  join: { params: JoinParams; result: JoinOffer };
}
