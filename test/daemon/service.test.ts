import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { HANDOVER, inheritedDescriptors, ServiceManager } from '../../src/daemon/base/service-manager.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { Service } from '../../src/daemon/service.js';

const log = pino({ level: 'silent' });
const PID = 42;

describe('descriptors of the start', () => {
  it.each([
    [{}, []],
    [{ LISTEN_FDS: '2', LISTEN_PID: '42' }, [3, 4]],
    [{ LISTEN_FDS: '2', LISTEN_PID: '41' }, []],
    [{ LISTEN_FDS: '2' }, []],
    [{ LISTEN_FDS: '2', [HANDOVER]: '5' }, [3, 4]],
    [{ LISTEN_FDS: 'many', LISTEN_PID: '42' }, []],
    [{ LISTEN_FDS: '99999999', LISTEN_PID: '42' }, []],
    [{ LISTEN_FDS: '-1', LISTEN_PID: '42' }, []],
  ])('%j: %j', (environment, descriptors) => {
    expect(inheritedDescriptors(environment, PID)).toEqual(descriptors);
  });
});

describe('a service manager', () => {
  it('that is not there is told nothing', () => {
    const notify = vi.fn();
    new ServiceManager({ notify }, log, {}, PID).tell(['READY=1']);
    expect(notify).not.toHaveBeenCalled();
  });

  it('that cannot be reached does no harm', () => {
    const notify = vi.fn(() => {
      throw new Error('ECONNREFUSED');
    });
    const manager = new ServiceManager({ notify }, log, { NOTIFY_SOCKET: '@s' }, PID);
    expect(() => manager.tell(['READY=1'])).not.toThrow();
  });

  it.each([
    [{ WATCHDOG_USEC: '20000000' }, null],
    [{ NOTIFY_SOCKET: '@s' }, null],
    [{ NOTIFY_SOCKET: '@s', WATCHDOG_USEC: '20000000' }, 20_000],
    [{ NOTIFY_SOCKET: '@s', WATCHDOG_USEC: '20000000', WATCHDOG_PID: '42' }, 20_000],
    [{ NOTIFY_SOCKET: '@s', WATCHDOG_USEC: '20000000', WATCHDOG_PID: '41' }, null],
    [{ NOTIFY_SOCKET: '@s', WATCHDOG_USEC: 'soon' }, null],
  ])('with %j watches every %s ms', (environment, ms) => {
    expect(new ServiceManager({ notify: vi.fn() }, log, environment, PID).watchdogMs).toBe(ms);
  });
});

describe('the watchdog', () => {
  /** A service of one worker, told once a third of its 3 s. */
  function watched(worker: { alive: boolean; beat: number; nudge: () => void }): string[] {
    const said: string[] = [];
    const notify = (_: string, message: string) => void said.push(...message.split('\n'));
    const environment = { NOTIFY_SOCKET: '@s', WATCHDOG_USEC: '3000000' };
    const runtime = { datapath: worker, peers: new Map() } as unknown as InterfaceRuntime;
    const service = new Service(new ServiceManager({ notify }, log, environment, PID), () => [runtime]);
    vi.useFakeTimers();
    try {
      service.ready();
      vi.advanceTimersByTime(10_000);
      service.stopping();
    } finally {
      vi.useRealTimers();
    }
    return said;
  }

  const count = (said: string[]) => said.filter((line) => line === 'WATCHDOG=1').length;

  it('hears of a worker that turns when it is woken', () => {
    const worker = { alive: true, beat: 0, nudge: () => void worker.beat++ };
    expect(count(watched(worker))).toBe(10);
  });

  it('hears nothing any more of one that hangs', () => {
    expect(count(watched({ alive: true, beat: 7, nudge: () => undefined }))).toBe(1);
  });

  it('leaves one that has ended to those who start it again', () => {
    expect(count(watched({ alive: false, beat: 7, nudge: () => undefined }))).toBe(10);
  });

  it('says the status when it changes, and not again', () => {
    const worker = { alive: true, beat: 0, nudge: () => void worker.beat++ };
    const said = watched(worker).filter((line) => line.startsWith('STATUS=1 interface'));
    expect(said.length).toBeLessThanOrEqual(2);
  });
});
