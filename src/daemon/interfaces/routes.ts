/** What the kernel's routing table says of each link: by which device it leaves, and where the search for its MTU begins. */

import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import type { Native } from '../../native/binding.js';
import { PATH } from '../../native/ops.js';
import { formatAddress, pathAddressBytes } from './addresses.js';
import type { Datapath } from './datapath.js';
import { type LinkEntry, type PeerEntries, type PeerEntry, pathOf } from './peer-entries.js';

/** All routes are checked this often, and those of which something was heard this soon after that. */
const REFRESH_MS = 10_000;
const DEBOUNCE_MS = 20;
/** Links asked about at a time. Each takes some tens of microseconds, and handshakes wait meanwhile. */
const SLICE = 64;
/** After a slice the thread does other things for so many times as long as that took. */
const REST = { hurried: 3, leisurely: 49 } as const;

export class Routes {
  /** Links of which something was heard, with their peers. */
  private readonly due = new Map<LinkEntry, PeerEntry>();
  /** The walk over all links that is under way, and its pace. */
  private walk: Iterator<LinkEntry> | undefined;
  private pace: keyof typeof REST = 'leisurely';
  /** Another walk is wanted once the one under way has ended. */
  private isWantedAgain = false;
  /** Links that go through other peers. */
  private relayed: [PeerEntry, LinkEntry][] = [];
  private soon: NodeJS.Timeout | undefined;
  private readonly interval: NodeJS.Timeout;

  constructor(
    private readonly native: Native,
    private readonly datapath: Datapath,
    private readonly peers: PeerEntries,
  ) {
    this.interval = setInterval(() => this.look(), REFRESH_MS);
    this.interval.unref();
  }

  close(): void {
    clearInterval(this.interval);
    clearTimeout(this.soon);
    this.soon = undefined;
    this.walk = undefined;
    this.due.clear();
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
    return this.askFor(link, pathOf(link), question);
  }

  /** Whether a link has a socket for the remote end in the words of a path, and the routing table a way there. */
  leadsTo(link: LinkEntry, words: readonly number[]): boolean {
    const device = this.askFor(link, words, ({ family, remote, local, ifindex, mark }) =>
      this.native.routeDevice(family, remote, local, ifindex, mark),
    );
    return device !== null && device !== 0;
  }

  private askFor(
    link: LinkEntry,
    words: readonly number[],
    question: (route: Question) => number,
  ): number | null {
    const family = words[PATH.FAMILY];
    if (family !== 4 && family !== 6) return null;
    const socket = link.sockets[family === 6 ? 1 : 0];
    if (socket === null) return null;
    const remote = formatAddress(pathAddressBytes(words));
    const mark = link.configuredPath[PATH.MARK];
    const { address: local } = socket;
    const end = link.config.remote;
    const zone = end?.kind === 'address' ? end.zone : undefined;
    try {
      const device = socket.device ?? zone ?? null;
      const ifindex = socket.ifindex || (zone === undefined ? 0 : this.native.ifindex(zone));
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

  /** Links were configured: reports what is new of their routes to the datapath, of the first ones at once. */
  refresh(): void {
    this.relayed = [];
    for (const peer of this.peers.values()) {
      for (const link of peer.links.values()) {
        if (link.config.remote?.kind === 'via') this.relayed.push([peer, link]);
      }
    }
    this.begin('hurried');
    this.slice();
  }

  /** The kernel has other routes: all links are looked at, soon. */
  refreshSoon(): void {
    this.begin('hurried');
    this.arm(DEBOUNCE_MS);
  }

  /** A link takes another path, or carries more or less than before: it is looked at soon, and those that go through its peer. */
  linkChanged(peer: PeerEntry, link: LinkEntry): void {
    this.due.set(link, peer);
    for (const [user, relayed] of this.relayed) {
      if (relayed.config.remote?.kind === 'via' && relayed.config.remote.peer === peer.config.name)
        this.due.set(relayed, user);
    }
    this.arm(DEBOUNCE_MS);
  }

  /** Looks at all links when there is time. */
  private look(): void {
    if (this.walk !== undefined) return;
    this.begin('leisurely');
    this.slice();
  }

  private begin(pace: keyof typeof REST): void {
    if (this.walk === undefined) {
      this.walk = this.links();
      this.pace = pace;
    } else {
      this.pace = 'hurried';
      this.isWantedAgain = true;
    }
  }

  private arm(ms: number): void {
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      this.slice();
    }, ms);
  }

  /** Looks at some links, and goes on after a rest when there are more. */
  private slice(): void {
    const started = performance.now();
    let room = SLICE;
    for (const [link, peer] of this.due) {
      if (room-- === 0) break;
      this.due.delete(link);
      if (this.peers.atRow(peer.row) === peer && peer.links.get(link.config.id) === link) this.tell(link);
    }
    for (; room > 0 && this.walk !== undefined; room--) {
      const { value, done } = this.walk.next();
      if (done === true) this.endWalk();
      else this.tell(value);
    }
    // Many links that roam at once are clients on their way up: their handshakes come first.
    const pace = this.due.size > 0 && this.due.size < SLICE ? 'hurried' : this.pace;
    const rest = REST[pace] * (performance.now() - started);
    if (this.due.size > 0 || this.walk !== undefined) this.arm(rest);
  }

  private endWalk(): void {
    this.walk = this.isWantedAgain ? this.links() : undefined;
    if (!this.isWantedAgain) this.pace = 'leisurely';
    this.isWantedAgain = false;
  }

  private *links(): Generator<LinkEntry, void> {
    for (const peer of this.peers.values()) yield* peer.links.values();
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
}

interface Question {
  family: 4 | 6;
  remote: string;
  local: string | null;
  device: string | null;
  ifindex: number;
  mark: number;
}
