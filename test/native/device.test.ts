/** What the kernel says of a device, beside what `ip` says of it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import { programOf } from './another-process.js';
import { ip, needsRoot, uniqueName } from './root.js';
import { shortOfMemory } from './short-of-memory.js';

const native = loadNative();
const made: string[] = [];
/** Addresses of another device, how often all of them go and come back, and questions meanwhile. */
const MANY = 4000;
const CHANGES = 20;
const ASKED = 500;

beforeEach(needsRoot);
afterEach(() => {
  for (const name of made.splice(0)) ip(`link del ${name}`);
});

/** The same in the words of `ip`. */
function shown(name: string) {
  const [device] = JSON.parse(ip(`-json -details address show dev ${name}`));
  return {
    isUp: device.flags.includes('UP'),
    mtu: device.mtu,
    queueFrames: device.txqlen,
    mac: device.address,
    alias: device.ifalias ?? '',
    addresses: device.addr_info.map(
      ({ local, prefixlen }: { local: string; prefixlen: number }) => `${local}/${prefixlen}`,
    ),
  };
}

/** What an expression of `native` is, so many times, in a host of its own whose other devices have addresses that come and go. */
function besideMany(expression: string, times: number): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'octolink-'));
  try {
    const addresses = Array.from({ length: MANY }, (_, i) => `10.78.${i >> 8}.${i & 255}/32 dev one`);
    const lines = (word: string) => addresses.map((address) => `address ${word} ${address}\n`).join('');
    writeFileSync(join(folder, 'more'), lines('add'));
    writeFileSync(join(folder, 'change'), (lines('del') + lines('add')).repeat(CHANGES));
    writeFileSync(
      join(folder, 'ask.mjs'),
      programOf(`Array.from({ length: ${times} }, () => ${expression})`),
    );
    const script = `ip link set lo up; ip link add one type veth peer name other; ip -batch more
      ip -batch change & node=$1; "$node" ask.mjs; status=$?; kill $!; exit $status`;
    const words = ['--net', 'sh', '-c', script, 'sh', process.execPath];
    return JSON.parse(execFileSync('unshare', words, { encoding: 'utf8', cwd: folder }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the state of a device', () => {
  it('is what `ip` says, before and after all of it is set', () => {
    const name = uniqueName();
    made.push(name);
    ip(`tuntap add dev ${name} mode tap`);
    expect(native.deviceState(name)).toEqual(shown(name));
    ip(`link set dev ${name} alias octolink txqueuelen 77 mtu 1300 address 02:00:00:00:00:77 up`);
    ip(`address add 198.19.78.1/30 dev ${name}`);
    ip(`address add fd00:78::1/64 dev ${name} nodad`);
    const state = native.deviceState(name);
    expect(state).toEqual(shown(name));
    expect(state).toMatchObject({ isUp: true, mtu: 1300, queueFrames: 77, alias: 'octolink' });
    expect(state.addresses).toEqual(expect.arrayContaining(['198.19.78.1/30', 'fd00:78::1/64']));
  });

  it('is asked for its MTU alone by its index', () => {
    const name = uniqueName();
    made.push(name);
    ip(`tuntap add dev ${name} mode tap`);
    ip(`link set dev ${name} mtu 1300`);
    expect(native.deviceMtu(native.ifindex(name))).toBe(1300);
    expect([native.deviceMtu(0), native.deviceMtu(2 ** 31 - 1)]).toEqual([0, 0]);
  });

  it('is an error for a device that is not there', () => {
    expect(() => native.deviceState('none-of-these')).toThrow(expect.objectContaining({ code: 'ENODEV' }));
  });

  it('is told while thousands of addresses come and go beside it', () => {
    expect(besideMany("native.deviceState('lo').addresses", ASKED)).toEqual(
      Array(ASKED).fill(['127.0.0.1/8', '::1/128']),
    );
  });

  it('is asked for again when the answer breaks off', () => {
    expect(shortOfMemory([2, 3], "native.deviceState('lo')")).toEqual(native.deviceState('lo'));
  });
});
