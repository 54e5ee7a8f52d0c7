/** What the kernel knows of the MTU of each link's route: where the search for it begins. */

import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import type { Native } from '../../native/binding.js';
import { PATH } from '../../native/ops.js';
import { formatAddress, pathAddressBytes } from './addresses.js';
import type { Datapath } from './datapath.js';
import type { LinkEntry, PeerEntries } from './peer-entries.js';

/** Routes are checked this often, and this soon after the kernel reports a change. */
const REFRESH_MS = 10_000;
const DEBOUNCE_MS = 20;

export class RouteMtus {
  private soon: NodeJS.Timeout | undefined;
  private readonly interval: NodeJS.Timeout;

  constructor(
    private readonly native: Native,
    private readonly datapath: Datapath,
    private readonly peers: PeerEntries,
  ) {
    this.interval = setInterval(() => this.refresh(), REFRESH_MS);
    this.interval.unref();
  }

  close(): void {
    clearInterval(this.interval);
    clearTimeout(this.soon);
  }

  /** In bytes; for a relayed link what the links to its relay carry. Null while it is unknown. */
  of(link: LinkEntry): number | null {
    const end = link.config.remote;
    if (end?.kind === 'via') return this.smallestInUse(end.peer);
    const words = link.learnedPath ?? link.configuredPath;
    const family = words[PATH.FAMILY];
    if (link.answer === null || (family !== 4 && family !== 6)) return null;
    const { address, device } = link.answer.socket;
    try {
      const remote = formatAddress(pathAddressBytes(words));
      const mark = link.configuredPath[PATH.MARK];
      return this.native.routeMtu(family, remote, address, device, mark) || null;
    } catch {
      return null;
    }
  }

  private smallestInUse(peer: string): number | null {
    const up = [...(this.peers.get(peer)?.links.values() ?? [])].filter((link) => link.state === 'up');
    const gauges = this.datapath.stats.links;
    return up.length === 0 ? null : Math.min(...up.map(({ row }) => gauges[row * LINK_WIDTH + LINK.mtu]));
  }

  /** Reports changes to the datapath. */
  refresh(): void {
    for (const peer of this.peers.values()) {
      for (const link of peer.links.values()) {
        const mtu = this.of(link);
        if (mtu === null || mtu === link.routeMtu) continue;
        link.routeMtu = mtu;
        this.datapath.send({ kind: 'route-mtu', row: link.row, mtu });
      }
    }
  }

  refreshSoon(): void {
    if (this.soon !== undefined) return;
    this.soon = setTimeout(() => {
      this.soon = undefined;
      this.refresh();
    }, DEBOUNCE_MS);
  }
}
