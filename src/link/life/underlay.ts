/**
 * What the kernel says of the interfaces and addresses that links leave by. A link whose interface loses carrier or
 * whose local address goes is down at once, without waiting for its hold time.
 */
import type { LinkCause } from '../../api/link-states.js';
import type { SocketSettings } from '../../contract/settings.js';
import { PATH } from '../../native/ops.js';
import type { LinkTable } from '../../state/links.js';
import type { SocketTable } from '../../state/sockets.js';
import type { Tables } from '../../state/tables.js';
import type { LinkLife } from './life.js';

export class Underlay {
  /** Carrier of local interfaces, by index, as the kernel said last. */
  private readonly carriers = new Map<number, boolean>();

  private readonly links: LinkTable;
  private readonly sockets: SocketTable;

  constructor(
    tables: Tables,
    private readonly life: LinkLife,
  ) {
    this.links = tables.links;
    this.sockets = tables.sockets;
  }

  /** A link bound to an address waits until the kernel has said on which interface that stands. */
  lookForCarrier(link: number): void {
    const socket = this.socketOf(link);
    const isBound = socket?.address.some((word) => word !== 0) ?? false;
    const known = socket !== undefined && socket.ifindex !== 0;
    const up = known ? this.carriers.get(socket.ifindex) !== false : !isBound;
    this.links.carrier[link] = up ? 1 : 0;
  }

  /** Carrier of a local interface came or went: every link that leaves by it follows. */
  carrier(ifindex: number, up: boolean, now: number): void {
    if (this.carriers.get(ifindex) === up) return;
    this.carriers.set(ifindex, up);
    this.eachLink((link) => {
      const bound = this.links.paths[link * PATH.WORDS + PATH.IFINDEX];
      if (ifindex !== 0 && (this.socketOf(link)?.ifindex === ifindex || bound === ifindex)) {
        this.life.carrier(link, up, up ? 'configured' : 'carrier-lost', now);
      }
    });
  }

  /** A local address came or went; a socket bound to it follows the interface that it stands on. */
  address(family: number, words: readonly number[], present: boolean, ifindex: number, now: number): void {
    // Of every socket and not only of the links': the kernel may answer before a link takes a new socket over.
    const bound = this.sockets.boundTo(family, words);
    for (const socket of bound) socket.ifindex = present ? ifindex : 0;
    const usable = present && this.carriers.get(ifindex) !== false;
    const cause: LinkCause = present ? 'carrier-lost' : 'address-removed';
    this.eachLink((link) => {
      const socket = this.socketOf(link);
      if (socket === undefined || socket.family !== family) return;
      if (!bound.includes(socket) && !this.names(link, words)) return;
      if ((this.links.carrier[link] === 1) !== usable) this.life.carrier(link, usable, cause, now);
    });
  }

  /** A link on a shared wildcard socket names its local address in its path. */
  private names(link: number, words: readonly number[]): boolean {
    const local = link * PATH.WORDS + PATH.LOCAL;
    return words.every((word, index) => word === this.links.paths[local + index]);
  }

  private socketOf(link: number): SocketSettings | undefined {
    return this.sockets.rows[this.links.socket[link]];
  }

  private eachLink(visit: (link: number) => void): void {
    for (let link = 0; link < this.links.capacity; link++) {
      if (this.links.has(link)) visit(link);
    }
  }
}
