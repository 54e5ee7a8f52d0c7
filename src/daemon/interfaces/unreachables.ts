/** What was said by ICMP of the remote ends of links that are down. While there are none, it is not asked for. */

import { keepNewest } from '../../handshake/recent-set.js';
import { PATH } from '../../native/ops.js';
import type { Datapath } from './datapath.js';
import type { PeerEntries } from './peer-entries.js';

const MAX_ENDS = 64;

export interface UnreachableEnd {
  /** Who says so: words of a `PATH` up to the remote address. */
  readonly from: readonly number[];
  /** Of ICMP, or of ICMPv6 where it comes from such an address. */
  readonly code: number;
  /** Microseconds of boot time. */
  readonly at: number;
}

export class Unreachables {
  private readonly byEnd = new Map<string, UnreachableEnd>();
  private isAsked = false;

  constructor(
    private readonly datapath: Pick<Datapath, 'send'>,
    private readonly peers: Pick<PeerEntries, 'links'>,
  ) {}

  /** Links have come, gone, or changed their states. */
  linksChanged(): void {
    const { down, 'one-way': oneWay } = this.peers.links;
    const on = down + oneWay > 0;
    if (on !== this.isAsked) this.datapath.send({ kind: 'socket-errors', row: null, on });
    this.isAsked = on;
  }

  note(to: readonly number[], end: UnreachableEnd): void {
    keepNewest(this.byEnd, keyOf(to), end, MAX_ENDS);
  }

  /** What was last said of the remote end of a path; null: nothing. */
  at(path: readonly number[]): UnreachableEnd | null {
    return this.byEnd.get(keyOf(path)) ?? null;
  }
}

/** Family, port and address. */
function keyOf(path: readonly number[]): string {
  return [path[PATH.FAMILY], path[PATH.PORT], ...path.slice(PATH.ADDR, PATH.ADDR + 4)].join(',');
}
