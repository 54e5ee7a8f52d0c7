import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogLevel } from '../../src/api/config.js';
import { Logging, textOf } from '../../src/daemon/base/logging.js';
import type { LookUp } from '../../src/daemon/base/name-lookup.js';
import { syslogMessage } from '../../src/daemon/base/syslog.js';

const NOBODY = { level: 'silent', debug() {}, info() {}, warn() {}, error() {} };
const closing: { close(): void }[] = [];
afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});

function newLogging(lookUp?: LookUp): Logging {
  const log = new Logging({ ...NOBODY }, lookUp);
  closing.push(log);
  return log;
}

describe('a syslog message', () => {
  it('has the header of RFC 5424', () => {
    const record = { timeMs: Date.UTC(2026, 10, 28, 4, 20, 11, 123), level: 'warn' as const, text: 'storm' };
    expect(syslogMessage(record, 'tokyo', 77).toString()).toBe(
      '<28>1 2026-11-28T04:20:11.123Z tokyo octolinkd 77 - - storm',
    );
    expect(syslogMessage({ ...record, level: 'error' }, 'to kyo', 77).toString()).toMatch(
      /^<27>1 \S+ - octolinkd/,
    );
  });

  it('is valid UTF-8 within its limit, whatever the text', () =>
    fc.assert(
      fc.property(
        fc.constantFrom<LogLevel>('error', 'warn', 'info', 'debug'),
        fc.string({ unit: 'grapheme', maxLength: 2000 }),
        fc.string({ unit: 'binary', maxLength: 30 }),
        (level, message, field) => {
          const text = textOf({ field }, message);
          expect(text).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
          const datagram = syslogMessage({ timeMs: 0, level, text }, 'tokyo', 1);
          expect(datagram.length).toBeLessThanOrEqual(1024);
          expect(() => new TextDecoder('utf-8', { fatal: true }).decode(datagram)).not.toThrow();
        },
      ),
    ));
});

describe('the log', () => {
  it('keeps the latest lines of its level', () => {
    const log = newLogging();
    log.debug({}, 'not kept');
    for (let number = 0; number < 1005; number++) log.info({ number, gone: null }, 'line');
    const { lines, level } = log.status();
    expect(level).toBe('info');
    expect(lines).toHaveLength(1000);
    expect([lines[0].text, lines[999].text]).toEqual(['line: number=5', 'line: number=1004']);
    expect(log.status(2).lines.map(({ text }) => text)).toEqual(['line: number=1003', 'line: number=1004']);
    log.follow({ interfaces: [], logLevel: 'warn' }, 'tokyo');
    log.info({}, 'too little');
    log.error({ err: new Error('two words'), clientPid: 7 }, 'failed');
    expect(log.status(1).lines[0]).toMatchObject({
      level: 'error',
      text: 'failed: err="two words" client_pid=7',
    });
  });

  it('goes to the servers of the configuration, and no longer to those that are gone from it', async () => {
    const server = createSocket('udp4');
    closing.push(server);
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const log = newLogging();
    const syslog = [{ host: '127.0.0.1', port }];
    log.follow({ interfaces: [], syslog }, 'tokyo');
    log.info({ peer: 'osaka' }, 'peer up');
    const [message] = (await once(server, 'message')) as [Buffer];
    expect(message.toString()).toMatch(/^<30>1 \S+Z tokyo octolinkd \d+ - - peer up: peer=osaka$/);
    log.follow({ interfaces: [], syslog }, 'kyoto');
    expect(log.status().syslog).toEqual([
      { host: '127.0.0.1', address: '127.0.0.1', port, sent: 1, dropped: 0, fault: null },
    ]);
    log.follow({ interfaces: [] }, 'kyoto');
    log.info({}, 'nobody hears');
    expect(log.status().syslog).toEqual([]);
  });

  it('drops and counts what is too much for a second', () => {
    const log = newLogging();
    log.follow({ interfaces: [], syslog: [{ host: '127.0.0.1', port: 9 }] }, 'tokyo');
    for (let number = 0; number < 2000; number++) log.info({}, 'flood');
    expect(log.status(1).syslog[0].dropped).toBeGreaterThan(500);
  });

  it('finds a server by its name, and keeps lines until then', async () => {
    const server = createSocket('udp4');
    closing.push(server);
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asked: string[] = [];
    const log = newLogging(async (name) => {
      asked.push(name);
      return { kind: 'found', addresses: ['127.0.0.1'], ttlS: 60 };
    });
    log.follow({ interfaces: [], syslog: [{ host: 'log.example', port }] }, 'tokyo');
    const heard = once(server, 'message');
    log.info({}, 'before there is an address');
    expect(log.status(1).syslog[0].address).toBeNull();
    const [message] = (await heard) as [Buffer];
    expect(message.toString()).toMatch(/before there is an address$/);
    log.info({}, 'with one');
    await once(server, 'message');
    expect(log.status(1).syslog).toEqual([
      { host: 'log.example', address: '127.0.0.1', port, sent: 2, dropped: 0, fault: null },
    ]);
    expect(asked).toEqual(['log.example']);
  });

  it('says why a server has no address, and counts the lines that are lost', async () => {
    const answered = Promise.resolve({ kind: 'none' as const, reason: 'NXDOMAIN' });
    const log = newLogging(() => answered);
    log.follow({ interfaces: [], syslog: [{ host: 'gone.example', port: 514 }] }, 'tokyo');
    for (let number = 0; number < 3; number++) log.info({}, 'line');
    await answered;
    await Promise.resolve();
    log.info({}, 'another');
    expect(log.status(1).syslog[0]).toMatchObject({
      address: null,
      sent: 0,
      dropped: 4,
      fault: 'no address (NXDOMAIN)',
    });
  });

  it('takes the next address where the first cannot be reached', async () => {
    const server = createSocket('udp4');
    closing.push(server);
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // The kernel refuses to send to the first without the right to broadcast.
    const addresses = ['255.255.255.255', '127.0.0.1'];
    const log = newLogging(async () => ({ kind: 'found', addresses, ttlS: 60 }));
    log.follow({ interfaces: [], syslog: [{ host: 'log.example', port }] }, 'tokyo');
    const heard = once(server, 'message');
    log.info({}, 'lost');
    const again = setInterval(() => log.info({}, 'by the next'), 20);
    closing.push({ close: () => clearInterval(again) });
    expect(((await heard) as [Buffer])[0].toString()).toMatch(/by the next$/);
  });
});
