/** What the kernel's routing table says of each link: by which device it leaves, and where the search for its MTU begins. */

import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import type { Native } from '../../native/binding.js';
import { PATH } from '../../native/ops.js';
import { formatAddress, pathAddressBytes } from './addresses.js';
import type { Datapath } from './datapath.js';
import { type LinkEntry, type PeerEntries, pathOf } from './peer-entries.js';

/** Routes are checked this often, and this soon after the kernel reports a change. */
const REFRESH_MS = 10_000;
const DEBOUNCE_MS = 20;

export class Routes {
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

  /** MTU of a link's route, in bytes; for a relayed link what the links to its relay carry. Null while it is unknown. */
  mtuOf(link: LinkEntry): number | null {
    const end = link.config.remote;
    if (end?.kind === 'via') return this.smallestInUse(end.peer);
    return this.ask(link, ({ family, remote, local, device, mark }) =>
      this.native.routeMtu(family, remote, local, device, mark),
    );
  }

  /** Index of the device that a link leaves by; 0: there is no way; null while it is unknown. */
  private deviceOf(link: LinkEntry): number | null {
    return this.ask(link, ({ family, remote, local, ifindex, mark }) =>
      this.native.routeDevice(family, remote, local, ifindex, mark),
    );
  }

  private ask(link: LinkEntry, question: (route: Question) => number): number | null {
    const words = pathOf(link);
    const family = words[PATH.FAMILY];
    if (family !== 4 && family !== 6) return null;
    const socket = link.sockets[family === 6 ? 1 : 0];
    if (socket === null) return null;
    const remote = formatAddress(pathAddressBytes(words));
    const mark = link.configuredPath[PATH.MARK];
    const { address: local, device, ifindex } = socket;
    try {
      return question({ family, remote, local, device, ifindex, mark });
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
    for (const peer of this.peers.values()) for (const link of peer.links.values()) this.tell(link);
  }

  private tell(link: LinkEntry): void {
    const mtu = this.mtuOf(link) || link.routeMtu;
    const device = this.deviceOf(link);
    if (mtu === link.routeMtu && device === link.routeDevice) return;
    link.routeMtu = mtu;
    link.routeDevice = device;
    const route =
      device === null
        ? ({ kind: 'unknown' } as const)
        : device === 0
          ? ({ kind: 'none' } as const)
          : ({ kind: 'via', ifindex: device } as const);
    this.datapath.send({ kind: 'route', row: link.row, mtu: mtu ?? 0, route });
  }

  refreshSoon(): void {
    if (this.soon !== undefined) return;
    this.soon = setTimeout(() => {
      this.soon = undefined;
      this.refresh();
    }, DEBOUNCE_MS);
  }
}

interface Question {
  family: 4 | 6;
  remote: string;
  local: string | null;
  device: string | null;
  ifindex: number;
  mark: number;
}
