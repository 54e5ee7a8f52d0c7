/**
 * UDP GSO, link by link: a device that refuses it is not asked again by that link until the link's path has changed. The
 * column of the link table is for whoever sends; the gauge shows the same to the control thread.
 */
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import type { LinkBase } from '../ports.js';

export class Segmentation {
  constructor(private readonly base: LinkBase) {}

  /** The device of a link has refused UDP GSO; it is reported once. */
  refused(link: number): void {
    const { links } = this.base.tables;
    if (links.refusesGso[link] === 1) return;
    this.set(link, 1);
    this.base.ports.emit({ kind: 'gso-refused', peer: links.peer[link], link: links.id[link] });
  }

  /** A link may leave by another device from now on: it is worth a try. */
  pathChanged(link: number): void {
    this.set(link, 0);
  }

  private set(link: number, refuses: 0 | 1): void {
    this.base.tables.links.refusesGso[link] = refuses;
    this.base.stats.links[link * LINK_WIDTH + LINK.refusesGso] = refuses;
  }
}
