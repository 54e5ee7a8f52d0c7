/** What decides which links a peer's frames take, made once and asked by all. */
import type { LinkSettings } from '../../contract/settings.js';
import type { LinkTable } from '../../state/links.js';
import type { PeerTable } from '../../state/peers.js';
import type { Tables } from '../../state/tables.js';
import { FlapDamping } from './damping.js';
import { Drains } from './drain.js';
import { GreyWatch } from './grey.js';
import { Review } from './review.js';
import { Selection } from './selection.js';

export class Deciders {
  readonly peers: PeerTable;
  readonly links: LinkTable;
  readonly damping = new FlapDamping();
  readonly grey = new GreyWatch();
  readonly drains = new Drains();
  readonly selection: Selection;
  readonly review: Review;

  constructor(tables: Tables) {
    this.peers = tables.peers;
    this.links = tables.links;
    this.selection = new Selection(tables.peers, tables.links, this.grey);
    this.review = new Review(tables.peers, tables.links, this.grey);
  }

  /** Takes over what the configuration says of a link. `fresh`: its row was another link's, or nobody's. */
  configure(link: number, settings: LinkSettings, fresh: boolean): void {
    this.damping.configure(link, settings.damping);
    this.grey.configure(link, settings.quality);
    if (!fresh) return;
    this.damping.reset(link);
    this.grey.reset(link);
    this.drains.reset(link);
  }
}
