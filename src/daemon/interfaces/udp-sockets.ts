/**
 * The UDP sockets of an interface: one for each local end that its links name. A wildcard socket serves links
 * with a local address of the same port too, since the kernel lets only one of the two be bound.
 */
import type { EffectiveLink } from '../../config/defaults.js';
import type { Native, UdpHandle } from '../../native/binding.js';
import { PATH } from '../../native/ops.js';
import { addressWords, formatEndpoint } from './addresses.js';
import type { Datapath } from './datapath.js';
import { Rows } from './rows.js';

const SOCKET_BUFFER = 8 << 20;

interface OpenSocket {
  row: number;
  handle: UdpHandle;
  family: 4 | 6;
  /** Text of the address bound to; null for the wildcard address. */
  address: string | null;
  device: string | null;
  port: number;
}

/** A local end with its family decided. */
export interface LocalNeed {
  family: 4 | 6;
  local: EffectiveLink['local'];
}

export interface LocalAnswer {
  socket: OpenSocket;
  /** `PATH.LOCAL` words and `PATH.IFINDEX` for a link on a shared wildcard socket. */
  localWords: number[];
  ifindex: number;
}

export class UdpSockets {
  private readonly open = new Map<string, OpenSocket>();
  private readonly rows = new Rows();

  constructor(
    private readonly native: Native,
    private readonly datapath: Datapath,
    private gro: boolean,
  ) {}

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
   * Opens what `needs` ask for, keeps what is open already and closes what is no longer needed. Returns an answer for
   * each need. When a socket cannot be opened nothing changes, and the error says which and why.
   */
  arrange(needs: readonly LocalNeed[]): LocalAnswer[] {
    const wildcards = new Set(
      needs.filter((need) => need.local.kind === 'any').map((need) => `${need.family}/${need.local.port}`),
    );
    const wanted = needs.map((need) => this.shape(need, wildcards));
    const before = new Set(this.open.keys());
    const keep = new Set(wanted.map((shape) => shape.key));
    const fresh: OpenSocket[] = [];
    // A wildcard socket and one with an address exclude each other; errors name those that are about to close.
    const leaving = [...before].filter((key) => !keep.has(key));
    try {
      for (const shape of wanted) {
        if (this.open.has(shape.key)) continue;
        const socket = this.bind(shape, leaving);
        this.open.set(shape.key, socket);
        fresh.push(socket);
      }
    } catch (error) {
      for (const socket of fresh) this.discard(socket);
      throw error;
    }
    for (const socket of fresh) this.announce(socket);
    for (const key of leaving) this.release(key);
    return wanted.map((shape) => ({
      socket: this.open.get(shape.key) as OpenSocket,
      localWords: shape.localWords,
      ifindex: shape.ifindex,
    }));
  }

  private shape(need: LocalNeed, wildcards: ReadonlySet<string>) {
    const { family, local } = need;
    const shared = wildcards.has(`${family}/${local.port}`);
    const address = local.kind === 'address' && !shared ? local.address : null;
    const device = local.kind === 'interface' && !shared ? local.name : null;
    const none = [0, 0, 0, 0];
    return {
      key: `${family}/${local.port}/${address ?? ''}/${device ?? ''}`,
      family,
      port: local.port,
      address,
      device,
      localWords: local.kind === 'address' && shared ? addressWords(local.address).words : none,
      ifindex: local.kind === 'interface' && shared ? this.native.ifindex(local.name) : 0,
    };
  }

  private bind(shape: ReturnType<UdpSockets['shape']>, leaving: readonly string[]): OpenSocket {
    const { family, address, device, port } = shape;
    const where = device ?? formatEndpoint(address ?? (family === 4 ? '0.0.0.0' : '::'), port);
    const options = {
      family,
      address,
      device,
      port,
      receiveBuffer: SOCKET_BUFFER,
      sendBuffer: SOCKET_BUFFER,
      gro: this.gro,
    };
    try {
      const handle = this.native.udpOpen(options);
      return { row: this.rows.take(), handle, family, address, device, port };
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code !== 'EADDRINUSE') throw new Error(`cannot bind ${where} (UDP port ${port}): ${message}`);
      const own = leaving.some((key) => key.startsWith(`${family}/${port}/`));
      const hint = own
        ? 'this interface still holds it; remove the old links first, or use another port'
        : 'another program holds it; choose another "listen port"';
      throw new Error(`cannot bind ${where}: UDP port ${port} is already taken: ${hint}`);
    }
  }

  private announce({ row, handle, family, address, device }: OpenSocket): void {
    this.datapath.send({
      kind: 'socket',
      row,
      settings: {
        fd: handle.fd,
        family,
        address: address === null ? [0, 0, 0, 0] : addressWords(address).words,
        ifindex: device === null ? 0 : this.native.ifindex(device),
      },
    });
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

  /** The worker closes the descriptor, because it may still be reading from it. */
  private release(key: string): void {
    const socket = this.open.get(key);
    if (socket === undefined) return;
    this.open.delete(key);
    this.rows.release(socket.row);
    this.datapath.send({ kind: 'socket-close', row: socket.row });
  }
}

/** Words of a path to a remote end by a local answer, marked as a link wants it. */
export function pathWords(
  answer: LocalAnswer,
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
  for (let index = 0; index < 4; index++) words[PATH.LOCAL + index] = answer.localWords[index];
  words[PATH.IFINDEX] = answer.ifindex;
  words[PATH.DSCP] = dscp;
  words[PATH.MARK] = fwmark | 0;
  return words;
}
