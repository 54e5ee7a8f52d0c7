/**
 * Gives links the place that `Places` works out: what they lack, the source of their datagrams, and the remote end
 * that has its turn (`Remotes`). Links that go through another peer have no place of their own.
 */

import { LINK_CAUSES } from '../../api/link-states.js';
import { Columns, float64, int32 } from '../../base/columns.js';
import { isAlive } from '../../contract/link-states.js';
import type { Address, KernelFact, Route } from '../../contract/place.js';
import type { LinkSettings } from '../../contract/settings.js';
import { PATH } from '../../native/ops.js';
import type { Datagram } from '../../state/datagram.js';
import { type LinkTable, NO_ADDRESS } from '../../state/links.js';
import type { LinkBase } from '../ports.js';
import { Doubts } from './doubts.js';
import { Places } from './place.js';
import { type End, Remotes, sameEnd } from './remotes.js';
import type { Segmentation } from './segmentation.js';
import type { Place, PlaceCause } from './situation.js';

/** Of a link whose name leads nowhere. */
const NOWHERE: End = { words: new Int32Array(PATH.WORDS), path: 0, isLearned: false };

export class Placement {
  /** When the remote end of each link had its turn. */
  private readonly triedAt = float64();
  /** Interface that the socket of each link is bound to; 0: none is wanted; -1: none can be had. */
  private readonly device = int32();
  private readonly columns = new Columns(this, 'links');
  private readonly places: Places;
  private readonly remotes: Remotes;
  private readonly doubts = new Doubts();
  private readonly links: LinkTable;

  /** `tap`: index of the TAP's interface. */
  constructor(
    private readonly base: LinkBase,
    private readonly tap: number,
    private readonly segmentation: Segmentation,
  ) {
    this.links = base.tables.links;
    this.places = new Places(tap);
    this.remotes = new Remotes(this.links);
  }

  /** Whether settings name another host, or another interface, for the remote end than before. */
  isRenamed(link: number, { named, zone }: LinkSettings): boolean {
    const wish = this.places.wishOf(link);
    return wish !== undefined && (wish.name !== (named?.name ?? null) || wish.zone !== zone);
  }

  /** Why the remote end of a link is not known, when it is not. */
  whyUnknown(link: number): PlaceCause {
    return this.isNamed(link) ? 'name-unresolved' : 'path-unknown';
  }

  private isNamed(link: number): boolean {
    return (this.places.wishOf(link)?.name ?? null) !== null;
  }

  /** Links that go through another peer have no place. */
  private has(link: number): boolean {
    return this.places.wishOf(link) !== undefined;
  }

  /** A link is configured. `isMoved`: with another remote end, so that what was learned counts no more. */
  configure(link: number, { local, zone, named }: LinkSettings, isMoved: boolean): void {
    if (local === null) return this.linkRemoved(link);
    if (isMoved) {
      this.linkRemoved(link);
      this.segmentation.pathChanged(link);
    }
    if (!this.has(link)) {
      this.columns.ensure(link + 1);
      this.columns.reset(link);
      this.remotes.reset(link);
    }
    const remote = addressIn(this.links.configured, this.links.pathOf(link), PATH.ADDR);
    this.places.configure(link, { local, remote, zone, name: named?.name ?? null });
    if (named !== null) this.resolved(link, named.paths, isMoved);
  }

  /** The name of a link's remote end leads to these ends now. One at which the peer answers is not left for them. */
  private resolved(link: number, paths: readonly number[][], isMoved: boolean): void {
    const before = this.remotes.current(link) ?? NOWHERE;
    this.remotes.resolve(link, paths, isAlive(this.links.state[link]));
    const end = this.remotes.current(link) ?? NOWHERE;
    if (isMoved || !sameEnd(before, end)) this.turn(link, end);
  }

  linkRemoved(link: number): void {
    this.places.remove(link);
    this.links.lacks[link] = 0;
  }

  /** What is held for the place of a link, to be measured. */
  objectsOf(link: number): unknown[] {
    return [...this.places.objectsOf(link), this.remotes.objectOf(link)];
  }

  fact(fact: KernelFact, now: number): void {
    if (fact.what === 'interface-gone') this.doubts.forget(fact.index);
    this.places.fact(fact, now);
  }

  ipv6(isThere: boolean): void {
    this.places.ipv6(isThere);
  }

  /** What the routing table says of a link. */
  route(link: number, route: Route): void {
    this.places.route(link, route);
  }

  /** A link's own datagram came out of the TAP. */
  cameBack(link: number): void {
    this.places.route(link, { kind: 'via', ifindex: this.tap });
  }

  /** An authentic heartbeat came by the path of a link that lacks something. */
  heard(link: number): void {
    this.places.heard(link);
  }

  /** The peer was found at the other end of a datagram's path: the link goes there. */
  found(link: number, { socket, paths, path }: Datagram): void {
    this.foundAt(link, { words: paths, path, isLearned: true }, socket);
  }

  /** Where the peer was found before a restart: it is looked for there first. */
  foundBefore(link: number, words: readonly number[]): void {
    if (this.has(link)) this.foundAt(link, { words: Int32Array.from(words), path: 0, isLearned: true });
  }

  private foundAt(link: number, end: End, by?: number): void {
    if (this.has(link)) this.remotes.found(link, end);
    this.turn(link, end, by);
  }

  /** Addresses that this host has where a link leaves, if some have come since a time in µs. */
  ownAddresses(link: number, since: number): readonly Address[] {
    return this.places.ownAddresses(link, since);
  }

  /** A link in use misses a heartbeat: its interface may have lost its carrier, and nobody has said so yet. */
  doubt(link: number, now: number): void {
    for (const ifindex of this.places.exits(link))
      if (this.doubts.isDue(ifindex, now)) this.base.ports.emit({ kind: 'carrier-doubt', ifindex });
  }

  /** Paths to where the peer of a link may be as well as at the end that has its turn. */
  othersOf(link: number): { words: Int32Array; socket: number }[] {
    const { links } = this;
    if (!this.has(link)) return [];
    return this.remotes.others(link).map((end) => {
      const words = end.words.slice(end.path, end.path + PATH.WORDS);
      words.fill(0, PATH.LOCAL);
      words[PATH.DSCP] = links.configured[links.pathOf(link) + PATH.DSCP];
      words[PATH.MARK] = links.configured[links.pathOf(link) + PATH.MARK];
      return { words, socket: links.socketFor(link, words[PATH.FAMILY]) };
    });
  }

  /**
   * A link is not alive, and has not been heard for longer than `patienceUs`: the next of its remote ends has its
   * turn.
   */
  tryNext(link: number, patienceUs: number, now: number): void {
    if (!this.has(link) || now - Math.max(this.triedAt[link], this.links.lastHeard[link]) < patienceUs)
      return;
    this.triedAt[link] = now;
    if (this.remotes.silent(link)) this.turn(link, this.remotes.current(link) as End);
  }

  /** Whether the place of some link may be another one than `settle` said last. */
  get isStale(): boolean {
    return this.places.isStale;
  }

  /** Calls back with each link that lacks something else than before, or is to send otherwise. */
  settle(changed: (link: number) => void): void {
    for (const link of this.places.settle()) {
      this.take(link, this.places.of(link) as Place);
      changed(link);
    }
  }

  private take(link: number, { cause, binding }: Place): void {
    const { links } = this;
    this.segmentation.pathChanged(link);
    links.lacks[link] = cause === null ? 0 : LINK_CAUSES.indexOf(cause);
    if (binding !== null) links.setLocal(link, binding.source?.words ?? NO_ADDRESS, binding.scope);
    const device = binding?.device ?? -1;
    if (device === this.device[link]) return;
    this.device[link] = device;
    this.base.ports.emit({ kind: 'rebind' });
  }

  private turn(link: number, { words, path, isLearned }: End, by?: number): void {
    const { links } = this;
    const socket = by ?? links.socketFor(link, words[path + PATH.FAMILY]);
    links.aim(link, words, path, socket);
    this.segmentation.pathChanged(link);
    const remote = addressIn(words, path, PATH.ADDR);
    const local = isLearned ? addressIn(words, path, PATH.LOCAL) : null;
    const isConfigured = !isLearned && !this.isNamed(link);
    if (remote === null || isConfigured) this.places.aim(link, null);
    else this.places.aim(link, { remote, local, ifindex: words[path + PATH.IFINDEX] });
    this.base.ports.emit({
      kind: 'roamed',
      peer: links.peer[link],
      link: links.id[link],
      isLearned: this.has(link) && this.remotes.current(link)?.isLearned === true,
      path: { socket, words: [...words.subarray(path, path + PATH.WORDS)] },
    });
  }
}

/** The address whose words begin `at` so many words of a path; null in an empty path. */
function addressIn(words: Int32Array, path: number, at: number): Address | null {
  const family = words[path + PATH.FAMILY];
  return family === 4 || family === 6
    ? { family, words: [...words.subarray(path + at, path + at + 4)] }
    : null;
}
