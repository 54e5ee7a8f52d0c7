/**
 * Gives links the place that `Places` works out: what they lack, the source of their datagrams, and the remote end
 * that has its turn (`Remotes`). Links that go through another peer have no place of their own.
 */

import { LINK_CAUSES } from '../../api/link-states.js';
import type { Address, KernelFact, Route } from '../../contract/place.js';
import type { LinkSettings } from '../../contract/settings.js';
import { PATH } from '../../native/ops.js';
import type { Datagram } from '../../state/datagram.js';
import { type LinkTable, NO_ADDRESS, sameRemote } from '../../state/links.js';
import type { LinkBase } from '../ports.js';
import { type Place, Places } from './place.js';
import { Remotes } from './remotes.js';
import type { Segmentation } from './segmentation.js';

/** A remote end: the words of its path, and by which own address and interface it was heard. */
interface End {
  words: Int32Array;
  isLearned: boolean;
}

interface Row {
  remotes: Remotes<End>;
  /** When its remote end had its turn. */
  triedAt: number;
  /** Interface that its socket is bound to; -1: none can be had. */
  device: number;
}

export class Placement {
  private readonly places: Places;
  private readonly rows = new Map<number, Row>();
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

  /** A link is configured. `isMoved`: with another remote end, so that what was learned counts no more. */
  configure(link: number, { local }: LinkSettings, isMoved: boolean): void {
    if (local === null) return this.linkRemoved(link);
    const words = this.links.configured.slice(this.links.pathOf(link), this.links.pathOf(link + 1));
    const end = { words, isLearned: false };
    if (isMoved) {
      this.linkRemoved(link);
      this.segmentation.pathChanged(link);
    }
    const row = this.rows.get(link) ?? { remotes: new Remotes(sameEnd), triedAt: 0, device: 0 };
    row.remotes.configure(words[PATH.FAMILY] === 0 ? [] : [end]);
    this.rows.set(link, row);
    this.places.configure(link, { local, remote: addressIn(words, PATH.ADDR) });
  }

  linkRemoved(link: number): void {
    this.rows.delete(link);
    this.places.remove(link);
    this.links.lacks[link] = 0;
  }

  fact(fact: KernelFact): void {
    this.places.fact(fact);
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

  /**
   * A link is not alive, and has not been heard for longer than `patienceUs`: the next of its remote ends has its
   * turn.
   */
  tryNext(link: number, patienceUs: number, now: number): void {
    const row = this.rows.get(link);
    if (row === undefined || now - Math.max(row.triedAt, this.links.lastHeard[link]) < patienceUs) return;
    row.triedAt = now;
    if (!row.remotes.silent()) return;
    const end = row.remotes.current as End;
    this.turn(link, end, this.links.socketFor(link, end.words[PATH.FAMILY]));
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

  private turn(link: number, { words, isLearned }: End, socket: number): void {
    const { links } = this;
    links.aim(link, words, 0, socket);
    this.segmentation.pathChanged(link);
    const remote = addressIn(words, PATH.ADDR);
    const local = addressIn(words, PATH.LOCAL);
    const isKnown = remote !== null && isLearned;
    this.places.aim(link, isKnown ? { remote, local, ifindex: words[PATH.IFINDEX] } : null);
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
