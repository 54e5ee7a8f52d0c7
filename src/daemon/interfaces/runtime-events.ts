/** What an interface tells while it runs. */

import type { WarningName } from '../../api/events.js';
import type { LinkFacts } from '../../api/link-states.js';
import type { UplinkCause } from '../../api/uplinks.js';
import type { DatapathEvent, SwitchNotice } from '../../contract/events.js';
import type { KeysRead } from '../../handshake/admission.js';
import type { LinkEntry, PeerEntry } from './peer-entries.js';
import type { Resolution } from './remote-names.js';

export interface RuntimeEvents {
  link: [peer: PeerEntry, link: LinkEntry, facts: LinkFacts];
  peer: [peer: PeerEntry, cause: string];
  /** The host name of a link's remote end leads to other addresses than `before`. */
  resolved: [peer: PeerEntry, link: LinkEntry, name: string, to: Resolution, before: readonly string[]];
  /** Bytes; `before` is 0 the first time. */
  mtu: [peer: PeerEntry, link: LinkEntry, mtu: number, before: number];
  /** The device of a link does not take UDP GSO. */
  gsoRefused: [peer: PeerEntry, link: LinkEntry];
  /** The path of a link loses runs, or no longer. */
  runsLost: [peer: PeerEntry, link: LinkEntry, facts: Extract<DatapathEvent, { kind: 'runs-lost' }>];
  session: [peer: PeerEntry, what: 'established' | 'ended'];
  /** Another server of an uplink group carries. */
  uplink: [group: string, peer: string, before: string | null, cause: UplinkCause];
  /** A peer closes a loop in these VLANs (0: without a tag), or no longer: one of `LOOP`. */
  loop: [peer: PeerEntry, vlans: readonly number[], state: number];
  switch: [notice: SwitchNotice];
  /** The TAP has joined its bridge (null), or cannot: why. */
  bridge: [missing: string | null];
  /** What other programs have changed of the TAP, one sentence each; empty: it is as configured again. */
  tap: [missing: readonly string[]];
  /** Something is not as the configuration wants it; a sentence. */
  trouble: [message: string];
  /** The file of authorized keys was read anew. */
  authorizedKeys: [read: KeysRead, file: string];
  /** Of the registry: a member was found, has left, or was revoked. */
  member: [name: string, what: 'joined' | 'left' | 'revoked'];
  /** The worker died. */
  fault: [message: string];
  /** `peer` is null where it concerns the interface as a whole. */
  warning: [peer: PeerEntry | null, what: WarningName, detail: string];
}
