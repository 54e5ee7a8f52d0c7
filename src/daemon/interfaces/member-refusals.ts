/** What members of the network were refused: records that a server did not take, introductions that a client did not follow. */
import type { PeerEntry } from './peer-entries.js';

/** Every reason, each with a counter of its name. */
export const MEMBER_HELP = {
  malformed: 'message about members that cannot be read',
  // At a server, and among members of a registry.
  'record-not-wanted':
    'record of a peer that is not to be introduced (`introduce` is off for it), or that no registry knows',
  'record-too-soon': 'records of one peer faster than they are taken',
  'record-forged':
    'record of a peer that cannot be read, has a wrong signature or another key than its session',
  // At a client.
  'not-a-server': 'introduction by a peer that may not introduce: its block has no `direct`',
  'introduction-forged': 'introduction with a record that cannot be read or has a wrong signature',
  'member-known': 'introduction of ourselves or of a peer of the configuration',
  'member-name-taken': 'introduction under a name that another peer has',
  'members-full': 'introduction while there are as many direct peers as there may be',
  'member-not-reached': 'introduction of a member that could not be reached directly a short time ago',
  'member-without-way': 'introduction of a member without an address for any of our links',
} as const;

export type MemberReason = keyof typeof MEMBER_HELP;

/** What an ordinary network does: frames go on by the server. */
export const NORMAL_MEMBERS: ReadonlySet<MemberReason> = new Set<MemberReason>([
  'record-not-wanted',
  'record-too-soon',
  'member-known',
  'member-not-reached',
  'member-without-way',
]);

/** An event for each reason comes no more often. */
const EVENT_US = 60e6;

export class MemberRefusals {
  readonly counters = Object.fromEntries(Object.keys(MEMBER_HELP).map((reason) => [reason, 0])) as Record<
    MemberReason,
    number
  >;
  private readonly peers = new Map<MemberReason, string>();
  private readonly told = new Map<MemberReason, number>();

  /** `now`: µs of boot time. `tell` hears of refusals that are not ordinary, each reason once a minute. */
  constructor(
    private readonly now: () => number,
    private readonly tell: (peer: PeerEntry, detail: string) => void,
  ) {}

  note(reason: MemberReason, peer: PeerEntry): void {
    this.counters[reason]++;
    this.peers.set(reason, peer.config.name);
    const now = this.now();
    if (NORMAL_MEMBERS.has(reason) || now - (this.told.get(reason) ?? Number.NEGATIVE_INFINITY) < EVENT_US)
      return;
    this.told.set(reason, now);
    this.tell(peer, `refused: ${MEMBER_HELP[reason]}`);
  }

  /** Name of the peer that was refused last for a reason. */
  last(reason: MemberReason): string | null {
    return this.peers.get(reason) ?? null;
  }

  clearCounters(): void {
    for (const reason of Object.keys(this.counters) as MemberReason[]) this.counters[reason] = 0;
  }
}
