import { beforeEach, describe, expect, it, vi } from 'vitest';
import { TapWatch } from '../../src/daemon/interfaces/tap-watch.js';

const TAP = 7;
const OTHER = 8;
const MAC = '02:00:00:00:00:01';
const WANTED = {
  config: { name: 'octo0', addresses: ['10.77.0.1/24', 'fd00::1/64'], mtu: 1400 } as never,
  mac: MAC,
};

describe('a TAP that other programs change', () => {
  let ifindex: number;
  let device: { isUp: boolean; mtu: number; mac: string; queueFrames: number; addresses: string[] };
  let said: (readonly string[])[];
  let watch: TapWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    ifindex = TAP;
    device = {
      isUp: true,
      mtu: 1400,
      mac: MAC,
      queueFrames: 1000,
      addresses: ['10.77.0.1/24', 'fd00:0::1/64', 'fe80::1/64'],
    };
    said = [];
    const native = {
      ifindex: () => ifindex,
      deviceState: () => ({ ...device, alias: '' }),
    };
    watch = new TapWatch(native, TAP, (missing) => said.push(missing));
    return () => {
      watch.close();
      vi.useRealTimers();
    };
  });

  const kernelSays = (index = TAP) => {
    watch.interfaceChanged(index);
    vi.runAllTimers();
  };

  it('is told of once, and again when it is as configured', () => {
    watch.want(WANTED);
    vi.runAllTimers();
    expect(said).toEqual([]);
    const before = device;
    device = {
      isUp: false,
      mtu: 1300,
      mac: '02:00:00:00:00:aa',
      queueFrames: 0,
      addresses: ['10.77.0.1/24'],
    };
    kernelSays(OTHER);
    expect(said).toEqual([]);
    kernelSays();
    kernelSays();
    expect(said).toEqual([
      [
        'the TAP was set down by another program: no frame passes it',
        'another program gave the TAP an MTU of 1300 bytes, not 1400',
        'another program gave the TAP the MAC address 02:00:00:00:00:aa, not 02:00:00:00:00:01',
        expect.stringContaining('a queue of length 0'),
        'another program took the address fd00::1/64 from the TAP',
      ],
    ]);
    device = before;
    kernelSays();
    expect([said.length, watch.missing]).toEqual([2, []]);
  });

  it('has another name', () => {
    watch.want(WANTED);
    ifindex = OTHER;
    kernelSays();
    expect(watch.missing).toEqual([
      'the TAP was renamed, deleted or moved to another network namespace: octo0 is not it',
    ]);
  });

  it('is let alone while the daemon itself changes it', () => {
    watch.want(null);
    device.isUp = false;
    kernelSays();
    expect(said).toEqual([]);
    watch.want(WANTED);
    vi.runAllTimers();
    expect(said).toHaveLength(1);
  });
});
