/**
 * Every reason for which a frame or a datagram is dropped. The datapath counts by index, `show drops` reads
 * names and help from here. New reasons go to the end of their group; nothing outside keeps the numbers.
 */
export const DROP_HELP = {
  // From the TAP to the wire.
  'tap-runt': 'frame from the TAP shorter than an Ethernet header',
  'tap-malformed': 'frame from the TAP whose virtio header does not fit its contents',
  'reserved-group':
    'frame for a reserved group address 01-80-C2-00-00-0X, which is forwarded only by choice: `forward reserved`',
  'vlan-ingress':
    'frame of a VLAN that the port it came in by does not carry, or without a tag where there is no native VLAN',
  'vlan-egress': 'frame of a VLAN that the port it is for does not carry, or not without its tag',
  'guard-source': 'address from behind a guarded peer that is not bound to it',
  'guard-dhcp-server': 'message of a DHCP server behind a peer that may have none',
  'guard-ra': 'router advertisement from behind a peer that may send none',
  'guard-multicast-router': 'message of a multicast router or querier behind a peer that may have none',
  'guard-static-mac': 'frame from a station that `mac-table static` has behind another port',
  'guard-mac-limit':
    'frame from a station that is new behind a peer with as many as its `guard mac-limit` allows',
  'guard-opaque': 'frame of a guarded peer that cannot be looked through',
  'storm-broadcast': 'broadcast of a peer beyond its `storm-control`',
  'storm-multicast': 'multicast of a peer beyond its `storm-control`',
  'storm-unknown-unicast': 'frame of a peer for an unknown station, beyond its `storm-control`',
  'multicast-malformed': 'IGMP or MLD message that is truncated, contradicts itself or has a wrong checksum',
  'no-listener': 'multicast that nobody has asked for, or a report without a router to hear it',
  'arp-suppressed': 'ARP request or neighbour solicitation that was answered here: `arp-suppression`',
  'own-station': 'frame for a station that is behind the port it came from, the TAP or a peer',
  'loop-held': 'frame from or for a peer that is held, since the LAN reaches it by another way as well',
  'own-probe': 'probe of our loop guard that has come back',
  'forged-probe': 'probe with the identity of our loop guard that we have not sent, or long ago',
  'repeated-probe': 'probe of another loop guard that has passed here already',
  'probe-limit': 'probe of another loop guard behind a peer from which too many come',
  'mac-frozen': 'frame from a station that moved too often, by another port than the one it stays at',
  'no-peer': 'frame to flood, but no peer can be reached',
  'no-session': 'peer has no session yet',
  'no-usable-link': 'peer has a session but no link that is up',
  'counter-exhausted': 'session used up its counters before a rekey',
  'tx-too-big': 'datagram larger than the path takes',
  'tx-queue-full': 'socket or device queue full',
  'tx-error': 'send failed with another error',
  'resend-refused':
    'datagram not sent again: it was often enough, or the peer reports losses beyond its budget',
  'recursive-route':
    'own datagram that the routing table led back into this tunnel; give the peer a route of its own',
  'tap-queue-full': 'frame that the kernel dropped, since it came faster than frames are read from the TAP',
  'rx-queue-full':
    'message from the wire that the kernel dropped, since it came faster than they are read from its socket',
  // From the wire: before authentication.
  'bad-length': 'datagram of a length that its type cannot have',
  'unknown-type': 'datagram of no known type',
  'unknown-version': 'datagram of another protocol version',
  'bad-header': 'reserved bits or stream of the outer header not as version 1 wants them',
  'unknown-index': 'receiver index of no live session',
  'replayed-early': 'counter already seen or too old, found before opening',
  'over-share': 'datagram of a peer that takes more than its share of a busy worker from other peers',
  forged: 'authentication failed',
  'handshake/mac1-wrong':
    'message not addressed to our public key: a scan, or a peer with a wrong key for us',
  'handshake/mac2-wrong': 'cookie expired or made for another address',
  'handshake/cookie-demanded': 'under load the sender was asked to prove its address first',
  'handshake/rate-limited': 'one address starts handshakes too fast while we are under load',
  'handshake/waits-already': 'one address starts another handshake while its last one still waits',
  'handshake/not-asked-for': 'response or cookie reply to no initiation that we have sent lately',
  'handshake-queue-full': 'handshake messages arrive faster than they can be answered',
  // From the wire: authentic, still not acceptable.
  replayed: 'counter seen twice in one batch',
  'unknown-kind': 'authentic message of no known kind',
  malformed: 'authentic message whose body is truncated or inconsistent',
  'bad-offload': 'virtio facts that do not fit the frame they came with',
  'standby-uplink':
    'frame of a standby uplink that the active one floods as well, or for a peer that is at rest',
  'frame-runt': 'frame from a peer shorter than an Ethernet header',
  'split-horizon': 'frame from a peer for a station behind another peer of its split-horizon group',
  'link-mismatch': 'message of one link that came by another, or of a link not configured',
  'piece-malformed': 'piece of a frame that contradicts itself or its siblings',
  'piece-duplicate': 'piece that had arrived already',
  'piece-evicted': 'incomplete frame given up for a newer one',
  'piece-expired': 'incomplete frame given up by age',
  'relay-refused': 'datagram to be relayed for a peer that is not known here, or relaying is switched off',
  'bandwidth-test': 'data of a bandwidth test that does not run here, or no longer',
  'event-limit': 'authentic messages that concern the control thread, faster than it shall be bothered',
  'member-unasked': 'message about members of a peer that has no business to send any',
  'path-check-unknown': 'answer to a path check never asked',
  'tap-write-error': 'the kernel refused a frame',
} as const;

export type DropReason = keyof typeof DROP_HELP;

export const DROP_NAMES = Object.keys(DROP_HELP) as DropReason[];

/** Index of each reason in the shared counters. */
export const DROP = Object.fromEntries(DROP_NAMES.map((name, index) => [name, index])) as Record<
  DropReason,
  number
>;

/** A second copy of what had arrived, as by design: links of one peer carry copies under `active` and in resends. */
export const COPY_DROPS: ReadonlySet<string> = new Set<DropReason>([
  'replayed-early',
  'replayed',
  'piece-duplicate',
]);

/** What an ordinary network does: nothing was lost by it. */
export const NORMAL_DROPS: ReadonlySet<string> = new Set<DropReason>([
  ...(COPY_DROPS as ReadonlySet<DropReason>),
  'reserved-group',
  'own-station',
  'standby-uplink',
  'handshake/cookie-demanded',
  'handshake/not-asked-for',
  'handshake/waits-already',
]);
