/** What the daemon tells its clients unasked. */
import type { CapturePoint } from './capture.js';
import type { StormKind } from './config.js';
import type { ConfigEvent } from './configuration.js';
import type { ExpiryStatus } from './expiry.js';
import type { LoopState } from './interfaces.js';
import type { LinkFacts, LinkState } from './link-states.js';
import type { PeerState } from './peers.js';
import type { UplinkCause } from './uplinks.js';

export interface EventFilter {
  /** At most so many, the latest; absent: all that are kept. 1–10000. */
  last?: number;
  interface?: string;
  peer?: string;
  link?: number;
}

/** What every pushed event carries. */
interface EventBase {
  /** Milliseconds since the epoch. */
  timeMs: number;
}

/**
 * An initiation was refused for its old timestamp; two hosts use one key; times of handshakes cannot be kept on disk; a
 * key file that was read again cannot be used; a file of authorized keys, or a line of it, cannot be used; the TAP is not in its
 * bridge, was changed by another program, or has fewer queues than workers are wanted; a registry cannot be used; a peer sent a record or an introduction that cannot be taken; SIGHUP found no startup
 * configuration that can run; archive or accounting could not be written; the TAP of a peer has another MTU than ours.
 */
export type WarningName =
  | 'old-timestamp'
  | 'key-on-two-hosts'
  | 'handshake-time-not-kept'
  | 'key-file-refused'
  | 'authorized-keys-refused'
  | 'certificate-refused'
  | 'authorized-key-refused'
  | 'bridge-missing'
  | 'tap-changed'
  | 'tap-queues-missing'
  | 'registry'
  | 'introduction-refused'
  | 'reload-failed'
  | 'record-lost'
  | 'mtu-differs';

export type ControlEvent = EventBase &
  (
    | { kind: 'interface'; interface: string; state: 'up' | 'down'; cause: string }
    | { kind: 'peer'; interface: string; peer: string; state: PeerState; cause: string }
    | ({
        kind: 'link';
        interface: string;
        peer: string;
        link: number;
        state: LinkState;
        cause: string;
        /** Cause and measurements in one line. */
        detail: string;
      } & LinkFacts)
    /** The search for the MTU of a path ended with another result; `beforeBytes` is null the first time. */
    | {
        kind: 'mtu';
        interface: string;
        peer: string;
        link: number;
        mtuBytes: number;
        beforeBytes: number | null;
      }
    /** The device that a link leaves by refuses UDP GSO; the link does without until its path changes. */
    | { kind: 'gso-refused'; interface: string; peer: string; link: number }
    /**
     * The path of a link loses what UDP GSO sends and spares single datagrams: the link does without, and tries again after
     * `againSeconds`. Or it has tried, and what is sent that way arrives (`isOff` is false).
     */
    | {
        kind: 'gso-lossy';
        interface: string;
        peer: string;
        link: number;
        isOff: boolean;
        gsoLossPermille: number;
        singleLossPermille: number;
        againSeconds: number;
      }
    /** The host name of a link's remote end leads to other addresses than before. */
    | {
        kind: 'resolved';
        interface: string;
        peer: string;
        link: number;
        name: string;
        addresses: readonly string[];
        before: readonly string[];
      }
    /** Another server of an uplink group carries; `before` is null the first time. */
    | {
        kind: 'uplink';
        interface: string;
        group: string;
        peer: string;
        before: string | null;
        cause: UplinkCause;
      }
    /** The LAN reaches a peer by another way as well in these VLANs (0: untagged), or no longer (`healed`). */
    | { kind: 'loop'; interface: string; peer: string; vlans: number[]; state: LoopState | 'healed' }
    /**
     * A station moved too often: it stays for a while where it is. Ports are peers or null, the TAP. `count` stations
     * did at about this time; this is the last.
     */
    | {
        kind: 'mac-frozen';
        interface: string;
        mac: string;
        vlan: number;
        peer: string | null;
        other: string | null;
        count: number;
      }
    /** Two stations say in turn that they have one IP address. `stations`: the one heard last is first; `peer` is null for the TAP. */
    | {
        kind: 'address-duplicate';
        interface: string;
        address: string;
        /** 0: untagged. */
        vlan: number;
        stations: { mac: string; peer: string | null }[];
      }
    /** A peer sends more of a kind than storm control allows, and the rest is dropped; or it no longer does. */
    | { kind: 'storm'; interface: string; peer: string; traffic: StormKind; isOver: boolean }
    | { kind: 'session'; interface: string; peer: string; what: 'established' | 'rekeyed' | 'ended' }
    /**
     * Something is wrong that nobody asked about; `peer` is null where it concerns an interface as a whole, and `interface`
     * where it concerns the daemon.
     */
    | { kind: 'warning'; interface: string | null; peer: string | null; what: WarningName; detail: string }
    /** A step of what `debug` follows; not kept. */
    | { kind: 'debug'; interface: string; peer: string; detail: string }
    /** Somebody copies packets, or no longer does; `packets` is how many were given. */
    | {
        kind: 'capture';
        interface: string;
        by: string;
        what: 'started' | 'ended';
        points: CapturePoint[];
        packets: number;
      }
    /** The file of authorized keys was read: clients there are now, new ones, those gone, and lines that are wrong. */
    | {
        kind: 'authorized-keys';
        interface: string;
        clients: number;
        added: number;
        removed: number;
        wrong: number;
      }
    /** A member was found in the registry and is a peer now, has left, or was revoked. */
    | { kind: 'member'; interface: string; member: string; what: 'joined' | 'left' | 'revoked' }
    /** An invitation was made, a host came by it (`member`), or it was revoked. */
    | {
        kind: 'invitation';
        interface: string;
        name: string;
        what: 'made' | 'used' | 'revoked';
        member: string | null;
      }
    /** Something will expire soon, or has. */
    | {
        kind: 'expiry';
        interface: string;
        what: ExpiryStatus['kind'];
        name: string;
        state: ExpiryStatus['state'];
        expiresMs: number;
      }
    | {
        kind: 'config';
        by: string;
        what: ConfigEvent;
        /** Of `changed` and `rolled back`: the first lines added (`+`) and removed (`-`), each with its block. */
        changes?: string[];
        /** How many lines that were in all. */
        changedLines?: number;
      }
    /** A commit awaits its confirmation; told when it begins and as its end comes near. */
    | { kind: 'unconfirmed'; by: string; secondsLeft: number }
    | { kind: 'lost'; count: number }
  );
