/**
 * The UDP sockets of an interface: one for each local end that its links name. They stand side by side, a wildcard socket
 * and ones with an address or an interface on one port, so that no link's local end is another link's business.
 */

import type { EffectiveLink } from '../../config/defaults.js';
import { ipKey, isLinkLocal, parseIp } from '../../grammar/address.js';
import type { Native, NativeError, UdpHandle } from '../../native/binding.js';
import { PATH } from '../../native/ops.js';
import { addressesByDevice } from '../base/device-addresses.js';
import { addressWords, formatEndpoint } from './addresses.js';
import type { Datapath } from './datapath.js';
import { ifindexOf } from './ifindex.js';
import { ReceiveQueues } from './receive-queues.js';
import { Rows } from './rows.js';

const SOCKET_BUFFER = 8 << 20;
/** What is missing comes by itself, or never: no error of the configuration. */
const ABSENT: ReadonlySet<string> = new Set(['ENODEV', 'ENXIO', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);
/** What the kernel says to a link-local address without an interface. */
const NO_ZONE = 'EINVAL';

interface OpenSocket {
  row: number;
  handle: UdpHandle;
  family: 4 | 6;
  port: number;
  /** Text of the address bound to; null for the wildcard address. */
  address: string | null;
  device: string | null;
  /** Index of the interface bound to; 0: none. */
  ifindex: number;
}

/** A local end with its family decided. */
export interface LocalNeed {
  family: 4 | 6;
  local: EffectiveLink['local'];
}

interface Shape extends LocalNeed {
  key: string;
  /** Interface to bind to; null: none. */
  device: string | null;
  ifindex: number;
}

/** The sockets of a link for IPv4 and IPv6; null: it needs none, or none can be had. */
export type LinkSockets = readonly [OpenSocket | null, OpenSocket | null];

export const NO_SOCKETS: LinkSockets = [null, null];

export class UdpSockets {
  /** Some socket could not be had, for what it needs is not there. */
  isShort = false;
  /** What waits in the kernel to be read. */
  readonly queues: ReceiveQueues;
  private readonly open = new Map<string, OpenSocket>();
  private wanted: ReadonlySet<string> = new Set();
  private readonly rows = new Rows();
  private hasIpv6 = true;

  constructor(
    private readonly native: Native,
    private readonly datapath: Datapath,
    private gro: boolean,
  ) {
    this.queues = new ReceiveQueues(native, () => this.all().map(({ handle }) => handle.fd));
  }

  /** Turns UDP GRO of every socket on or off. */
  setGro(gro: boolean): void {
    if (gro === this.gro) return;
    this.gro = gro;
    for (const { handle } of this.open.values()) handle.gro = this.native.udpGro(handle.fd, gro);
  }

  all(): OpenSocket[] {
    return [...this.open.values()];
  }

  /**
   * Opens what `needs` ask for and keeps what is open already; null stands for one that cannot be had for now. When a
   * socket is refused for another reason nothing changes, and the error says which and why.
   */
  arrange(needs: readonly LocalNeed[]): (OpenSocket | null)[] {
    const shapes = needs.map((need) => this.shape(need));
    const fresh: OpenSocket[] = [];
    this.isShort = false;
    try {
      for (const shape of shapes) {
        if (this.open.has(shape.key)) continue;
        const socket = this.bind(shape);
        if (socket === null) continue;
        this.open.set(shape.key, socket);
        fresh.push(socket);
      }
    } catch (error) {
      for (const socket of fresh) this.discard(socket);
      throw error;
    }
    for (const { row, handle } of fresh)
      this.datapath.send({ kind: 'socket', row, settings: { fd: handle.fd, port: handle.port } });
    this.wanted = new Set(shapes.map(({ key }) => key));
    return shapes.map(({ key }) => this.open.get(key) ?? null);
  }

  /** Closes what was not asked for last. Links must have left it. */
  closeUnwanted(): void {
    for (const [key, { row, handle }] of this.open) {
      if (this.wanted.has(key)) continue;
      this.queues.closing(handle.fd);
      this.open.delete(key);
      this.rows.release(row);
      // The worker closes the descriptor, because it may still be reading from it.
      this.datapath.send({ kind: 'socket-close', row });
    }
  }

  /** An interface that was made again has the name of the old one, and another index. */
  private shape({ family, local }: LocalNeed): Shape {
    const device = deviceOf(local);
    const ifindex = device === null ? 0 : ifindexOf(this.native, device);
    const place = local.kind === 'address' ? local.address : '';
    const key = [family, local.port, local.kind, place, device, ifindex].join('/');
    return { family, local, device, ifindex, key };
  }

  private bind({ family, local, device, ifindex }: Shape): OpenSocket | null {
    const { port } = local;
    const address = local.kind === 'address' ? local.address : null;
    const buffers = { receiveBuffer: SOCKET_BUFFER, sendBuffer: SOCKET_BUFFER };
    const beside = this.all().filter(({ handle }) => handle.port === port);
    const descriptors = Int32Array.from(beside, ({ handle }) => handle.fd);
    try {
      const handle = this.native.udpOpen(
        { family, address, device, port, ...buffers, gro: this.gro },
        descriptors,
      );
      if (family === 6) this.ipv6Is(true);
      return { row: this.rows.take(), handle, family, port, address, device, ifindex };
    } catch (error) {
      const { code, message } = error as NativeError;
      if (code === 'EAFNOSUPPORT' && family === 6) this.ipv6Is(false);
      this.isShort = true;
      if (ABSENT.has(code) || (code === NO_ZONE && address !== null && ifindex === 0)) return null;
      const where = device ?? formatEndpoint(address ?? (family === 4 ? '0.0.0.0' : '::'), port);
      if (code !== 'EADDRINUSE') throw new Error(`cannot bind ${where} (UDP port ${port}): ${message}`);
      const hint = 'another program holds it; choose another "listen port"';
      throw new Error(`cannot bind ${where}: UDP port ${port} is already taken: ${hint}`);
    }
  }

  private ipv6Is(isThere: boolean): void {
    if (this.hasIpv6 === isThere) return;
    this.hasIpv6 = isThere;
    this.datapath.send({ kind: 'ipv6', isThere });
  }

  /** Closes what a worker left open that could not. */
  closeAll(): void {
    for (const socket of this.all()) this.discard(socket);
  }

  private discard(socket: OpenSocket): void {
    for (const [key, open] of this.open) if (open === socket) this.open.delete(key);
    this.rows.release(socket.row);
    this.native.close(socket.handle.fd);
  }
}

/** The interface that a local end is bound to, by its name or by a link-local address that it has; null: none. */
function deviceOf(local: EffectiveLink['local']): string | null {
  if (local.kind === 'interface') return local.name;
  if (local.kind !== 'address') return null;
  return local.zone ?? holderOf(local.address);
}

/** The interface with carrier that has a link-local address; null for other addresses, or when there is none. */
function holderOf(text: string): string | null {
  const wanted = parseIp(text);
  if (wanted === null || !isLinkLocal(wanted)) return null;
  for (const [name, addresses] of addressesByDevice()) {
    for (const { address } of addresses) {
      const found = parseIp(address);
      if (found !== null && ipKey(found) === ipKey(wanted)) return name;
    }
  }
  return null;
}

/** Words of a path to a remote end, marked as a link wants it. */
export function pathWords(
  remote: { address: string; port: number } | null,
  { dscp, fwmark }: Pick<EffectiveLink, 'dscp' | 'fwmark'>,
): number[] {
  const words = new Array<number>(PATH.WORDS).fill(0);
  if (remote !== null) {
    const parsed = addressWords(remote.address);
    words[PATH.FAMILY] = parsed.family;
    words[PATH.PORT] = remote.port;
    for (let index = 0; index < 4; index++) words[PATH.ADDR + index] = parsed.words[index];
  }
  words[PATH.DSCP] = dscp;
  words[PATH.MARK] = fwmark | 0;
  return words;
}
