/**
 * Tells the peer, by a link that works, where this host is for one that does not: when both ends of a link have changed
 * their addresses, neither hears the other there, and only another link can say so.
 */

import { NEVER } from '../../state/links.js';
import { KIND } from '../../wire/header.js';
import { OWN_ADDRESS } from '../../wire/own-address.js';
import type { LinkBase } from '../ports.js';
import type { Placement } from './placement.js';

/** Addresses are told one at a time, so far apart. */
const EVERY_US = 1_000_000;

export class OwnAddresses {
  /** By link: when an address was told last, and how many have been. */
  private readonly told = new Map<number, { at: number; count: number }>();

  constructor(
    private readonly base: LinkBase,
    private readonly placement: Placement,
  ) {}

  /** A link does not work: says where this host is, in turn by each of its addresses there. */
  tell(link: number, now: number): void {
    const { peers, links } = this.base.tables;
    const before = this.told.get(link);
    if (before !== undefined && now - before.at < EVERY_US) return;
    const by = peers.activeLink[links.peer[link]];
    const slot = peers.session[links.peer[link]];
    if (by < 0 || slot < 0) return;
    // Those that it had while the link worked, the peer knows.
    const heardAt = links.lastHeard[link];
    if (heardAt === NEVER) return;
    const addresses = this.placement.ownAddresses(link, heardAt);
    if (addresses.length === 0) return;
    const count = before?.count ?? 0;
    this.told.set(link, { at: now, count: count + 1 });
    const { family, words } = addresses[count % addresses.length];
    const { messages } = this.base.ports;
    const body = messages.open(KIND.OWN_ADDRESS, OWN_ADDRESS.BYTES);
    const { bytes } = this.base.arena;
    bytes[body + OWN_ADDRESS.LINK] = links.id[link];
    bytes[body + OWN_ADDRESS.FAMILY] = family;
    bytes.set(new Uint8Array(Int32Array.from(words).buffer), body + OWN_ADDRESS.ADDRESS);
    messages.send(slot, by, now);
  }

  linkRemoved(link: number): void {
    this.told.delete(link);
  }
}
