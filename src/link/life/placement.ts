/**
 * Gives links the place that `Places` works out: what they lack, the source of their datagrams, and the remote end
 * that has its turn (`Remotes`). Links that go through another peer have no place of their own.
 */

import { LINK_CAUSES } from '../../api/link-states.js';
import { isAlive } from '../../contract/link-states.js';
import type { Address, KernelFact, Route } from '../../contract/place.js';
import type { LinkSettings } from '../../contract/settings.js';
import { PATH } from '../../native/ops.js';
import type { Datagram } from '../../state/datagram.js';
import { type LinkTable, NO_ADDRESS, sameRemote } from '../../state/links.js';
import type { LinkBase } from '../ports.js';
import { Doubts } from './doubts.js';
import { Places } from './place.js';
import { Remotes } from './remotes.js';
import type { Segmentation } from './segmentation.js';
import type { Place, PlaceCause } from './situation.js';

/** A remote end: the words of its path, and by which own address and interface it was heard. */
interface End {
  words: Int32Array;
  isLearned: boolean;
}

/** Of a link whose name leads nowhere. */
const NOWHERE: End = { words: new Int32Array(PATH.WORDS), isLearned: false };

interface Row {
  /** Host name of the remote end; null: it has none. */
  name: string | null;
  /** Name of the interface on which it is meant; null: as the local end says. */
  zone: string | null;
  remotes: Remotes<End>;
  /** When its remote end had its turn. */
  triedAt: number;
  /** Interface that its socket is bound to; -1: none can be had. */
  device: number;
}

export class Placement {
  private readonly places: Places;
  private readonly rows = new Map<number, Row>();
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
  }

  /** Whether settings name another host, or another interface, for the remote end than before. */
  isRenamed(link: number, { named, zone }: LinkSettings): boolean {
    const row = this.rows.get(link);
    return row !== undefined && (row.name !== (named?.name ?? null) || row.zone !== zone);
  }

  /** Why the remote end of a link is not known, when it is not. */
  whyUnknown(link: number): PlaceCause {
    return (this.rows.get(link)?.name ?? null) === null ? 'path-unknown' : 'name-unresolved';
  }

  /** A link is configured. `isMoved`: with another remote end, so that what was learned counts no more. */
  configure(link: number, { local, zone, named }: LinkSettings, isMoved: boolean): void {
    if (local === null) return this.linkRemoved(link);
    const words = this.links.configured.slice(this.links.pathOf(link), this.links.pathOf(link + 1));
    if (isMoved) {
      this.linkRemoved(link);
      this.segmentation.pathChanged(link);
    }
    const name = named?.name ?? null;
    const row = this.rows.get(link) ?? { name, zone, remotes: new Remotes(sameEnd), triedAt: 0, device: 0 };
    this.rows.set(link, row);
    this.places.configure(link, { local, remote: addressIn(words, PATH.ADDR), zone, name });
    if (named !== null) return this.resolved(link, row, named.paths, isMoved);
    const end = { words, isLearned: false };
    row.remotes.configure(words[PATH.FAMILY] === 0 ? [] : [end], false);
  }

  /** The name of a link's remote end leads to these ends now. One at which the peer answers is not left for them. */
  private resolved(link: number, { remotes }: Row, paths: readonly number[][], isMoved: boolean): void {
    const before = remotes.current ?? NOWHERE;
    const ends = paths.map((words) => ({ words: Int32Array.from(words), isLearned: false }));
    remotes.configure(ends, isAlive(this.links.state[link]));
    const end = remotes.current ?? NOWHERE;
    if (isMoved || !sameEnd(before, end)) this.turn(link, end);
  }

  linkRemoved(link: number): void {
    this.rows.delete(link);
    this.places.remove(link);
    this.links.lacks[link] = 0;
  }

  /** What is held for the place of a link, to be measured. */
  objectsOf(link: number): unknown[] {
    return [this.rows.get(link), this.places.objectOf(link)];
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
    const end = { words: paths.slice(path, path + PATH.WORDS), isLearned: true };
    this.rows.get(link)?.remotes.found(end);
    this.turn(link, end, socket);
  }

  /** Where the peer was found before a restart: it is looked for there first. */
  foundBefore(link: number, words: readonly number[]): void {
    const row = this.rows.get(link);
    if (row === undefined) return;
    const end = { words: Int32Array.from(words), isLearned: true };
    row.remotes.found(end);
    this.turn(link, end);
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
    const others = this.rows.get(link)?.remotes.others ?? [];
    return others.map((end) => {
      const words = end.words.slice();
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
    const row = this.rows.get(link);
    if (row === undefined || now - Math.max(row.triedAt, this.links.lastHeard[link]) < patienceUs) return;
    row.triedAt = now;
    if (!row.remotes.silent()) return;
    this.turn(link, row.remotes.current as End);
  }

  /** Calls back with each link that lacks something else than before, or is to send otherwise. */
  settle(changed: (link: number) => void): void {
    for (const { link, place } of this.places.settle()) {
      this.take(link, place);
      changed(link);
    }
  }

  private take(link: number, { cause, binding }: Place): void {
    const { links } = this;
    const row = this.rows.get(link) as Row;
    this.segmentation.pathChanged(link);
    links.lacks[link] = cause === null ? 0 : LINK_CAUSES.indexOf(cause);
    if (binding !== null) links.setLocal(link, binding.source?.words ?? NO_ADDRESS, binding.scope);
    const device = binding?.device ?? -1;
    if (device === row.device) return;
    row.device = device;
    this.base.ports.emit({ kind: 'rebind' });
  }

  private turn(link: number, { words, isLearned }: End, by?: number): void {
    const { links } = this;
    const socket = by ?? links.socketFor(link, words[PATH.FAMILY]);
    links.aim(link, words, 0, socket);
    this.segmentation.pathChanged(link);
    const remote = addressIn(words, PATH.ADDR);
    const local = addressIn(words, PATH.LOCAL);
    const isConfigured = !isLearned && this.rows.get(link)?.name === null;
    if (remote === null || isConfigured) this.places.aim(link, null);
    else this.places.aim(link, { remote, local: isLearned ? local : null, ifindex: words[PATH.IFINDEX] });
    this.base.ports.emit({
      kind: 'roamed',
      peer: links.peer[link],
      link: links.id[link],
      isLearned: this.rows.get(link)?.remotes.current?.isLearned === true,
      path: { socket, words: [...words] },
    });
  }
}

/** The address of a path that begins at word `at`; null in an empty path. */
function addressIn(words: Int32Array, at: number): Address | null {
  const family = words[PATH.FAMILY];
  return family === 4 || family === 6 ? { family, words: [...words.subarray(at, at + 4)] } : null;
}

function sameEnd(a: End, b: End): boolean {
  return sameRemote(a.words, 0, b.words, 0);
}
