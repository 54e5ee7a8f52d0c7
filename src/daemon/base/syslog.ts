/** Log lines to syslog servers: RFC 5424 messages, a datagram each (RFC 5426). What cannot leave is dropped and counted. */
import { createSocket, type Socket } from 'node:dgram';
import type { LogLevel } from '../../api/config.js';
import type { LogRecord } from '../../api/logging.js';

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
  sent = 0;
  dropped = 0;
  /** Why the last datagram could not be sent; null: it could. */
  fault: string | null = null;
  private readonly socket: Socket;
  private pending = 0;
  private second = 0;
  private inSecond = 0;
  private isClosed = false;

  constructor(
    readonly address: string,
    readonly port: number,
  ) {
    this.socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    this.socket.on('error', (error) => this.failed(error));
    this.socket.unref();
  }

  send(message: Buffer, timeMs: number): void {
    const second = Math.floor(timeMs / 1000);
    if (second !== this.second) this.inSecond = 0;
    this.second = second;
    if (this.isClosed || this.pending >= MAX_PENDING || this.inSecond >= PER_SECOND) {
      this.dropped++;
      return;
    }
    this.inSecond++;
    this.pending++;
    this.socket.send(message, this.port, this.address, (error) => {
      this.pending--;
      if (error) return this.failed(error);
      this.sent++;
      this.fault = null;
    });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.socket.close();
  }

  private failed(error: Error): void {
    this.dropped++;
    this.fault = error.message;
  }
}
