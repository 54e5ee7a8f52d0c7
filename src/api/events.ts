/** What the daemon tells its clients unasked. */
import type { ConfigEvent } from './configuration.js';
import type { LinkFacts, LinkState } from './link-states.js';
import type { PeerState } from './peers.js';

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
    | { kind: 'session'; interface: string; peer: string; what: 'established' | 'rekeyed' | 'ended' }
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
