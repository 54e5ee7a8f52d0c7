/**
 * Asks an inviter by every way there is: from each address of this host to each end of the inviter of the same family. A
 * request that comes again is answered alike, so all are asked for the same thing, and all that answer can become links.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { JoinCall } from '../../handshake/join.js';
import type { JoinReply } from '../../member/join-messages.js';
import type { InvitationToken, InviterEnd } from '../../member/token.js';
import type { Native } from '../../native/binding.js';
import { formatAddress, formatEndpoint } from '../interfaces/addresses.js';
import type { DefaultRoutes, HostAddress } from './host-addresses.js';

/** When a request is sent again, in milliseconds after the first time. */
const SENT_AT_MS = [0, 250, 750, 1750, 3750, 6000] as const;
/** Nobody answers any more: not when there was silence, or when every way was refused. */
const PATIENCE_MS = 8000;
const REFUSED_MS = 2500;
/** Once one way has answered, the others have this long. */
const SLOWER_MS = 1500;
/** Ways tried at most. */
const MAX_WAYS = 64;

/** A way that was tried. */
export interface TriedWay {
  from: HostAddress;
  /** Whether it leaves by the card of `from` whatever the routing table prefers; else as the table says for its address. */
  byDevice: boolean;
  end: InviterEnd;
  /** Text of the inviter's address and port. */
  remote: string;
  rttUs: number | null;
  problem: string | null;
  reply: JoinReply | null;
}

interface JoinQuestion {
  token: InvitationToken;
  /** Keys derived from the token. */
  invitation: KeyPair;
  /** Public key of this host, base64. */
  publicKey: string;
}

/**
 * All pairs of an address of ours and an end of the inviter; a pair that no route joins has its problem already. A card with
 * one address of a family and a default route of its own is tried whatever the table prefers, so that each of several providers is.
 */
export function allWays(
  native: Pick<Native, 'routeDevice' | 'ifindex'>,
  ends: readonly InviterEnd[],
  { here, routes }: { here: readonly HostAddress[]; routes: DefaultRoutes },
): TriedWay[] {
  const ways = ends.flatMap((end) =>
    here
      .filter(({ address }) => address.family === end.address.family)
      .map((from): TriedWay => {
        const address = formatAddress(Uint8Array.from(end.address.bytes));
        const byDevice = isOnlyOne(from, here);
        const own = native.ifindex(from.device);
        const device = native.routeDevice(end.address.family, address, from.text, 0, 0);
        // Asked for a way by one device, the kernel takes what it has no route for as being on its wire.
        const isOpen = device === own || (byDevice && routes[end.address.family].has(from.device));
        const problem =
          device === 0 ? 'there is no route from here' : 'the route leaves by another network card';
        const remote = formatEndpoint(address, end.port);
        return {
          from,
          byDevice,
          end,
          remote,
          rttUs: null,
          problem: isOpen ? null : problem,
          reply: null,
        };
      }),
  );
  return ways.slice(0, MAX_WAYS);
}

/** Whether a card has no other address of the same family. */
function isOnlyOne(from: HostAddress, here: readonly HostAddress[]): boolean {
  return here.every(
    (other) =>
      other.device !== from.device ||
      other.address.family !== from.address.family ||
      other.text === from.text,
  );
}

/** Fills in what comes of the ways, at least one. Resolves when every one has answered, or enough time has passed, or at `signal`. */
export async function askBy(
  native: Pick<Native, 'udpOpen'>,
  ways: readonly TriedWay[],
  question: JoinQuestion,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const asked: Asking[] = [];
    const open = new Set(ways);
    let timer = setTimeout(() => finish(), PATIENCE_MS);
    const early = setTimeout(() => {
      if (ways.every(({ problem }) => problem !== null)) finish();
    }, REFUSED_MS);
    const finish = (): void => {
      clearTimeout(timer);
      clearTimeout(early);
      signal.removeEventListener('abort', finish);
      for (const one of asked) one.end();
      resolve();
    };
    let hasAnswer = false;
    const settled = (way: TriedWay) => {
      open.delete(way);
      if (!hasAnswer) {
        hasAnswer = true;
        clearTimeout(timer);
        timer = setTimeout(finish, SLOWER_MS);
      }
      if (open.size === 0) setImmediate(finish);
    };
    signal.addEventListener('abort', finish, { once: true });
    for (const [index, way] of ways.entries()) {
      try {
        asked.push(new Asking({ ...question, index: index + 1 }, way, openSocket(native, way), settled));
      } catch (error) {
        way.problem = whyOf((error as NodeJS.ErrnoException).code);
        open.delete(way);
      }
    }
    if (open.size === 0) finish();
  });
}

/** One way while it is asked. */
class Asking {
  private readonly call: JoinCall;
  private readonly timers: NodeJS.Timeout[] = [];
  private sentMs = 0;
  private hasEnded = false;

  constructor(
    { token, invitation, publicKey, index }: JoinQuestion & { index: number },
    private readonly way: TriedWay,
    private readonly socket: Socket,
    private readonly settled: (way: TriedWay) => void,
  ) {
    const { end } = way;
    this.call = new JoinCall(sodiumPrimitives, invitation, token.publicKey, index, { publicKey });
    this.socket.on('error', (error) => this.failed(error));
    this.socket.on('message', (datagram) => this.take(datagram));
    this.socket.on('connect', () => this.begin());
    this.socket.connect(end.port, formatAddress(Uint8Array.from(end.address.bytes)));
  }

  /** Stops asking. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.socket.close();
    this.call.end();
  }

  private begin(): void {
    for (const ms of SENT_AT_MS) this.timers.push(setTimeout(() => this.send(), ms));
  }

  private send(): void {
    if (this.hasEnded) return;
    this.sentMs = performance.now();
    this.socket.send(this.call.message, (error) => {
      if (error !== null) this.failed(error);
    });
  }

  /** Nothing ends by it: the port may open, the way may come. */
  private failed(error: Error): void {
    this.way.problem = whyOf((error as NodeJS.ErrnoException).code);
  }

  private take(datagram: Uint8Array): void {
    if (this.hasEnded || this.way.reply !== null) return;
    const before = this.call.message;
    const reply = this.call.take(datagram);
    if (reply === null) {
      // A cookie reply: the inviter is under load, and the next request proves our address.
      if (this.call.message !== before) this.send();
      return;
    }
    this.way.reply = reply;
    this.way.problem = null;
    this.way.rttUs = Math.round((performance.now() - this.sentMs) * 1000);
    this.settled(this.way);
  }
}

/** A socket that leaves as the link would that may come of the way. */
function openSocket(native: Pick<Native, 'udpOpen'>, { from, byDevice }: TriedWay): Socket {
  const { family } = from.address;
  const buffers = { receiveBuffer: 0, sendBuffer: 0, gro: false };
  const device = byDevice ? from.device : null;
  const { fd } = native.udpOpen({ family, address: from.text, port: 0, device, ...buffers });
  return createSocket(family === 4 ? 'udp4' : 'udp6').bind({ fd });
}

function whyOf(code: string | undefined): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'no program has this UDP port open there';
    case 'ENETUNREACH':
      return 'there is no route from here';
    case 'EHOSTUNREACH':
      return 'the host cannot be reached';
    case 'EMSGSIZE':
      return 'the path carries no packets of 1228 bytes';
    case 'EPERM':
    case 'EACCES':
      return "this host's firewall forbids it";
    default:
      return `the system says ${code ?? 'nothing'}`;
  }
}
