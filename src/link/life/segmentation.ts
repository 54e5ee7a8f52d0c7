/**
 * UDP GSO, link by link. A device that refuses it is not asked again by that link until the link's path has changed. A path that
 * loses runs gets none for a while (`run-trial.ts`). The column of the link table is for whoever sends; the gauge shows the same to
 * the control thread.
 */
import { LINK, LINK_WIDTH, NO_GSO } from '../../contract/stats.js';
import { TRIAL } from '../../state/run-trials.js';
import type { LinkBase } from '../ports.js';

const REASONS: Readonly<Record<number, number>> = {
  [TRIAL.WATCH]: NO_GSO.NONE,
  [TRIAL.RUNS]: NO_GSO.NONE,
  [TRIAL.SINGLES]: NO_GSO.COMPARED,
  [TRIAL.OFF]: NO_GSO.PATH,
};

export class Segmentation {
  constructor(private readonly base: LinkBase) {}

  /** Whether the device of a link has refused it. */
  isRefused(link: number): boolean {
    return this.base.tables.links.noGso[link] === NO_GSO.DEVICE;
  }

  /** The device of a link has refused UDP GSO; it is reported once. */
  refused(link: number): void {
    const { links } = this.base.tables;
    if (this.isRefused(link)) return;
    this.set(link, NO_GSO.DEVICE);
    this.base.ports.emit({ kind: 'gso-refused', peer: links.peer[link], link: links.id[link] });
  }

  /** A link may leave by another device from now on: it is worth a try. A comparison that has just been made is not made again. */
  pathChanged(link: number): void {
    const { runTrials: trials } = this.base.tables.links;
    trials.phase[link] = TRIAL.WATCH;
    trials.pairs[link] = 0;
    trials.settling[link] = 1;
    trials.switchedAt[link] = this.base.tables.links.sent[link] % 0x1_0000_0000;
    this.set(link, NO_GSO.NONE);
  }

  /** The comparison of runs with single datagrams has come to another phase. */
  follow(link: number): void {
    const phase = this.base.tables.links.runTrials.phase[link];
    this.set(link, REASONS[phase]);
  }

  private set(link: number, reason: number): void {
    this.base.tables.links.noGso[link] = reason;
    this.base.stats.links[link * LINK_WIDTH + LINK.noGso] = reason;
  }
}
