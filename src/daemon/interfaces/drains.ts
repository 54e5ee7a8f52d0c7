/** Empties links before they go: by an operator's command, and before a configuration change that takes them away. */
import { isDeepStrictEqual } from 'node:util';
import type { InterfaceConfig, LinkConfig, PeerConfig } from '../../api/config.js';
import type { DrainResult, InterfaceDrainResult } from '../../api/index.js';
import { ALIVE_STATES } from '../../api/link-states.js';
import { RequestError } from '../base/request-errors.js';
import type { Datapath } from './datapath.js';
import type { LinkEntry, PeerEntries, PeerEntry } from './peer-entries.js';

/** A change of the configuration waits no longer than this for links to be empty. */
const PATIENCE_MS = 1500;
/** Links that are not empty after this long without a change have no other way to give their frames to. */
const SETTLED_MS = 1000;

export class Drains {
  /** Checks of those who wait for links to be empty. */
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly datapath: Datapath,
    private readonly peers: PeerEntries,
  ) {}

  /**
   * Takes a link out of use. Resolves once nothing is under way on it any more; rejects when it is not empty after
   * `timeoutS`, or when the peer has no other link that is up.
   */
  async empty(peer: PeerEntry, link: LinkEntry, timeoutS: number, signal: AbortSignal): Promise<DrainResult> {
    const name = `link ${link.config.id} of peer ${peer.config.name}`;
    const others = [...peer.links.values()].filter((other) => other !== link);
    if (ALIVE_STATES.has(link.state) && !others.some(({ state }) => state === 'up')) {
      throw new RequestError(`no other link is up: use "shutdown" to stop ${name} all the same`);
    }
    const started = performance.now();
    this.setDrained(link, true);
    await this.emptied([link], timeoutS * 1000, signal);
    if (ALIVE_STATES.has(link.state) && link.state !== 'drained') {
      throw new RequestError(`timed out after ${timeoutS} s: ${name} not drained yet`);
    }
    return { state: link.state, waitedMs: Math.round(performance.now() - started) };
  }

  /** Puts a link back into use. */
  refill(link: LinkEntry): DrainResult {
    if (link.config.drain)
      throw new RequestError('the link is drained by the configuration: use "no drain" there');
    this.setDrained(link, false);
    return { state: link.state, waitedMs: 0 };
  }

  /**
   * Takes all links out of use, before the host goes: peers with another way, such as the other servers of an uplink group,
   * take it.
   */
  async emptyAll(timeoutS: number, signal: AbortSignal): Promise<InterfaceDrainResult> {
    const started = performance.now();
    const all = this.all();
    for (const { link } of all) this.setDrained(link, true);
    let empty = -1;
    // As long as links become empty, others may follow.
    for (let left = timeoutS * 1000; left > 0 && !signal.aborted; left = timeoutS * 1000 - waited(started)) {
      await this.emptied(
        all.map(({ link }) => link),
        Math.min(left, SETTLED_MS),
        signal,
      );
      const now = all.filter(({ link }) => isEmpty(link)).length;
      if (now === empty || now === all.length) break;
      empty = now;
    }
    return {
      drained: all.filter(({ link }) => link.state === 'drained').length,
      carrying: [...new Set(all.filter(({ link }) => !isEmpty(link)).map(({ peer }) => peer.config.name))],
      waitedMs: Math.round(waited(started)),
    };
  }

  /** Puts all links back into use that the configuration does not drain. */
  refillAll(): void {
    for (const { link } of this.all()) if (!link.config.drain) this.setDrained(link, false);
  }

  private all(): { peer: PeerEntry; link: LinkEntry }[] {
    return [...this.peers.values()].flatMap((peer) =>
      [...peer.links.values()].map((link) => ({ peer, link })),
    );
  }

  private setDrained(link: LinkEntry, drained: boolean): void {
    link.drained = drained;
    this.ask(link, drained);
  }

  /** Drains what `next` shuts down, removes or moves, as far as other links of the peer can take over. */
  async beforeChange(next: InterfaceConfig): Promise<void> {
    const leaving = next.peers.flatMap((config) => {
      const entry = this.peers.get(config.name);
      if (entry === undefined || isDeepStrictEqual(entry.config, config)) return [];
      return leavingLinks(entry, config);
    });
    if (leaving.length === 0) return;
    for (const link of leaving) this.ask(link, true);
    await this.emptied(leaving, PATIENCE_MS);
  }

  /** To be called whenever a link has changed its state. */
  linkChanged(): void {
    for (const check of this.waiting) check();
  }

  private ask(link: LinkEntry, drain: boolean): void {
    this.datapath.send({ kind: 'link-drain', row: link.row, drain });
  }

  private async emptied(links: LinkEntry[], timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const isDone = () => links.every(isEmpty);
    if (isDone()) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.waiting.delete(check);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const check = (): void => {
        if (isDone()) finish();
      };
      const timer = setTimeout(finish, timeoutMs);
      this.waiting.add(check);
      signal?.addEventListener('abort', finish);
    });
  }
}

/** Whether nothing is under way on a link. */
function isEmpty({ state }: LinkEntry): boolean {
  return state === 'drained' || !ALIVE_STATES.has(state);
}

function waited(since: number): number {
  return performance.now() - since;
}

/** Links in use that `next` takes away from a peer, provided that another one which is up stays. */
function leavingLinks(peer: PeerEntry, next: PeerConfig): LinkEntry[] {
  if (next.shutdown) return [];
  const nextLinks = new Map(next.links.map((link) => [link.id, link]));
  const links = [...peer.links.values()];
  const stays = ({ config }: LinkEntry): boolean => isSamePlace(config, nextLinks.get(config.id));
  if (!links.some((link) => link.state === 'up' && stays(link))) return [];
  return links.filter((link) => (link.state === 'up' || link.state === 'damped') && !stays(link));
}

function isSamePlace(before: LinkConfig, after: LinkConfig | undefined): boolean {
  if (after === undefined || after.shutdown) return false;
  return isDeepStrictEqual([before.local, before.remote], [after.local, after.remote]);
}
