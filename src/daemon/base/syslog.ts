/** Log lines to syslog servers: RFC 5424 messages, a datagram each (RFC 5426). What cannot leave is dropped and counted. */
import { createSocket, type Socket, type SocketType } from 'node:dgram';
import type { LogLevel } from '../../api/config.js';
import type { LogRecord, SyslogStatus } from '../../api/logging.js';
import type { LookUp } from './name-lookup.js';
import { SyslogPlaces } from './syslog-places.js';

/** Facility `daemon` (RFC 5424 section 6.2.1). */
const FACILITY = 3;
const SEVERITIES: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
/** Longer messages may be cut by servers (RFC 5426 section 3.2), or by paths. */
const MAX_BYTES = 1024;
/** Datagrams that the kernel has not taken yet. */
const MAX_PENDING = 128;
/** Datagrams of a second; more would be a flood. */
const PER_SECOND = 500;

/** A record as a syslog message. A name that no header may hold becomes `-`. */
export function syslogMessage({ timeMs, level, text }: LogRecord, hostname: string, pid: number): Buffer {
  const host = /^[\x21-\x7e]{1,255}$/.test(hostname) ? hostname : '-';
  const head = `<${FACILITY * 8 + SEVERITIES[level]}>1 ${new Date(timeMs).toISOString()} ${host} octolinkd ${pid} - - `;
  // A byte order mark says that the text is UTF-8.
  const isPlain = /^[\x20-\x7e]*$/.test(text);
  const whole = Buffer.from(`${head}${isPlain ? '' : '\ufeff'}${text}`);
  if (whole.length <= MAX_BYTES) return whole;
  // Not inside a character: its bytes after the first begin with the bits 10.
  let end = MAX_BYTES;
  while ((whole[end] & 0xc0) === 0x80) end--;
  return whole.subarray(0, end);
}

export class SyslogSender {
  private sent = 0;
  private dropped = 0;
  /** Why the last datagram could not be sent; null: it could. */
  private fault: string | null = null;
  private readonly places: SyslogPlaces;
  private socket: Socket | null = null;
  private socketType: SocketType = 'udp4';
  private pending = 0;
  /** Datagrams that wait for the first address. */
  private waiting: Buffer[] = [];
  private second = 0;
  private inSecond = 0;
  private isClosed = false;

  /** `host`: an IP address, or a name that `lookUp` resolves. */
  constructor(
    readonly host: string,
    readonly port: number,
    lookUp: LookUp,
  ) {
    this.places = new SyslogPlaces(host, lookUp, () => this.resolved());
  }

  send(message: Buffer, timeMs: number): void {
    const second = Math.floor(timeMs / 1000);
    if (second !== this.second) this.inSecond = 0;
    this.second = second;
    if (this.isClosed || this.pending + this.waiting.length >= MAX_PENDING || this.inSecond >= PER_SECOND) {
      this.dropped++;
      return;
    }
    this.inSecond++;
    this.places.refresh();
    if (this.places.address !== null) this.sendTo(this.places.address, message);
    else if (this.places.isAsking) this.waiting.push(message);
    else this.dropped++;
  }

  status(): SyslogStatus {
    const { host, port, sent, dropped, fault, places } = this;
    return { host, port, address: places.address, sent, dropped, fault: places.problem ?? fault };
  }

  close(): void {
    this.isClosed = true;
    this.socket?.close();
    this.socket = null;
  }

  private resolved(): void {
    const messages = this.waiting;
    this.waiting = [];
    if (this.isClosed) return;
    const { address } = this.places;
    if (address === null) this.dropped += messages.length;
    else for (const message of messages) this.sendTo(address, message);
  }

  private sendTo(address: string, message: Buffer): void {
    this.pending++;
    this.socketFor(address).send(message, this.port, address, (error) => {
      this.pending--;
      if (error) return this.failed(error, address);
      this.sent++;
      this.fault = null;
    });
  }

  /** A socket has one family; a name may lead from one to the other. */
  private socketFor(address: string): Socket {
    const type = address.includes(':') ? 'udp6' : 'udp4';
    if (this.socket !== null && this.socketType === type) return this.socket;
    this.socket?.close();
    const socket = createSocket(type);
    socket.on('error', (error) => this.failed(error, address));
    socket.unref();
    this.socketType = type;
    this.socket = socket;
    return socket;
  }

  private failed(error: Error, address: string): void {
    this.dropped++;
    this.fault = error.message;
    this.places.leave(address);
  }
}
