import { describe, expect, it } from 'vitest';
import { DROP } from '../../src/contract/drops.js';
import { NO_GROUP, RESERVED } from '../../src/contract/port-settings.js';
import { PEER_WIDTH } from '../../src/contract/stats.js';
import { AddressClaims } from '../../src/switch/address-claims.js';
import { Bridge } from '../../src/switch/bridge.js';
import { Frame } from '../../src/switch/frame.js';
import { Guards } from '../../src/switch/guards/guards.js';
import { LoopGuard } from '../../src/switch/loop-guard.js';
import { LOCAL_PORT, MacTable } from '../../src/switch/mac-table.js';
import { Snooping } from '../../src/switch/multicast/snooping.js';
import { Ports } from '../../src/switch/ports.js';
import { StormControl } from '../../src/switch/storm.js';
import { Suppression } from '../../src/switch/suppression/suppression.js';
import { dropReason, FLOOD, isDrop } from '../../src/switch/verdicts.js';
import { Vlans } from '../../src/switch/vlans.js';

const AT = 5;
const LENGTH = 60;
const PEER = 3;
const HERE = 0x020000000001;
const THERE = 0x020000000002;
const BROADCAST = 0xffffffffffff;
const RESERVED_GROUP = 0x0180c200000e;

function bridge() {
  const bytes = new Uint8Array(AT + LENGTH);
  const view = new DataView(bytes.buffer);
  const macs = new MacTable({ limit: 16, seed: [1, 2] });
  const ports = new Ports();
  const snooping = new Snooping(bytes, ports, { flood: () => {} }, [1, 2]);
  const peers = { rests: new Uint8Array(8) };
  const guards = new Guards(bytes, macs);
  const stats = { peers: new Float64Array(8 * PEER_WIDTH) };
  const storm = new StormControl(bytes, macs, { stormChanged: () => {}, stats });
  const vlans = new Vlans(bytes);
  const reports = { loopChanged: () => {} };
  const guard = new LoopGuard({ bytes, ports, vlans, macs, reports, seed: [3, 4] });
  const suppression = new Suppression(bytes, macs, ports, { reserve: () => -1, add: () => {} }, [1, 2]);
  const subject = new Bridge({
    bytes,
    macs,
    peers,
    ports,
    guard,
    snooping,
    guards,
    storm,
    vlans,
    suppression,
    claims: new AddressClaims(bytes, [1, 2], () => {}),
  });
  const frame = new Frame();
  const put = (at: number, address: number): void => {
    view.setUint16(at, address / 2 ** 32);
    view.setUint32(at + 2, address % 2 ** 32);
  };
  /** What becomes of a frame: a port, `FLOOD`, or the reason of a drop. */
  const decide = (port: number, to: number, from: number, length = LENGTH): number | string => {
    put(AT, to);
    put(AT + 6, from);
    const verdict = subject.decide(port, frame.place(AT, length), 0);
    return isDrop(verdict) ? Object.keys(DROP)[dropReason(verdict)] : verdict;
  };
  return { decide, macs, ports, storm, subject, view };
}

describe('the switch', () => {
  it('floods what it does not know, and sends to a peer once it was heard there', () => {
    const { decide } = bridge();
    expect(decide(LOCAL_PORT, THERE, HERE)).toBe(FLOOD);
    expect(decide(PEER, HERE, THERE)).toBe(LOCAL_PORT);
    expect(decide(LOCAL_PORT, THERE, HERE)).toBe(PEER);
    expect(decide(LOCAL_PORT, BROADCAST, HERE)).toBe(FLOOD);
  });

  it('hands every frame of a peer to the TAP, whoever it is for', () => {
    const { decide } = bridge();
    decide(PEER + 1, BROADCAST, THERE);
    expect(decide(PEER, THERE, HERE)).toBe(LOCAL_PORT);
    expect(decide(PEER, BROADCAST, HERE)).toBe(LOCAL_PORT);
  });

  it('drops frames of stations that are more than may be behind a peer, and of no other', () => {
    const { decide, macs } = bridge();
    macs.limits.set(PEER, 1);
    expect(decide(PEER, BROADCAST, HERE)).toBe(LOCAL_PORT);
    expect(decide(PEER, BROADCAST, THERE)).toBe('guard-mac-limit');
    expect(decide(PEER, BROADCAST, HERE)).toBe(LOCAL_PORT);
    expect(decide(PEER + 1, BROADCAST, THERE)).toBe(LOCAL_PORT);
    // Nor does it take over the station of another.
    expect(decide(PEER, BROADCAST, THERE)).toBe('guard-mac-limit');
    expect(decide(LOCAL_PORT, THERE, 0x020000000009)).toBe(PEER + 1);
    macs.limits.set(PEER, 0);
    expect(decide(PEER, BROADCAST, 0x020000000005)).toBe(LOCAL_PORT);
  });

  it('sends frames of a peer to peers of other groups, and none to its own', () => {
    const { decide, ports } = bridge();
    const [client, other, server] = [PEER, PEER + 1, PEER + 2];
    ports.set(client, { splitHorizon: 1 });
    ports.set(other, { splitHorizon: 1 });
    ports.set(server, { splitHorizon: 0 });
    expect(decide(client, BROADCAST, HERE)).toBe(FLOOD);
    expect(decide(other, HERE, THERE)).toBe('split-horizon');
    expect(decide(server, HERE, 0x020000000003)).toBe(client);
    expect(decide(client, 0x020000000003, HERE)).toBe(server);
    expect(decide(client, HERE, 0x020000000004)).toBe('own-station');
    expect(decide(client, 0x020000000099, HERE)).toBe(FLOOD);
    expect(decide(LOCAL_PORT, BROADCAST, 0x020000000005)).toBe(FLOOD);
    expect(decide(client, 0x020000000005, HERE)).toBe(LOCAL_PORT);
    ports.set(client, { splitHorizon: NO_GROUP });
    expect(decide(other, HERE, THERE)).toBe(client);
    expect(decide(client, THERE, HERE)).toBe(other);
  });

  it('drops what storm control does not allow a peer, and learns nothing from it', () => {
    const { decide, macs, storm } = bridge();
    storm.set(PEER, [{ perSecond: 1, isBytes: false }, null, null], 0);
    for (let count = 0; count < 10; count++) expect(decide(PEER, BROADCAST, THERE)).toBe(LOCAL_PORT);
    expect(decide(PEER, BROADCAST, 0x020000000003)).toBe('storm-broadcast');
    expect(macs.size).toBe(1);
    expect(decide(PEER + 1, BROADCAST, 0x020000000003)).toBe(LOCAL_PORT);
    expect(decide(PEER, HERE, THERE)).toBe(LOCAL_PORT);
  });

  it('drops runts, reserved groups, and what stays on its side, each for its reason', () => {
    const { decide, macs } = bridge();
    expect(decide(LOCAL_PORT, THERE, HERE, 13)).toBe('tap-runt');
    expect(decide(PEER, HERE, THERE, 13)).toBe('frame-runt');
    expect(decide(LOCAL_PORT, RESERVED_GROUP, HERE)).toBe('reserved-group');
    expect(decide(PEER, RESERVED_GROUP, THERE)).toBe('reserved-group');
    expect(macs.size).toBe(0);
    decide(LOCAL_PORT, THERE, HERE);
    expect(decide(LOCAL_PORT, HERE, 0x020000000009)).toBe('own-station');
  });

  it('forwards to reserved groups what it was told to, never PAUSE', () => {
    const { decide, subject, view } = bridge();
    const group = 0x0180c2000000;
    const frames: [string, number, number][] = [
      ['bpdu', 0x00, 0x0026],
      ['bpdu', 0x08, 0x0026],
      ['lldp', 0x00, 0x88cc],
      ['lldp', 0x0e, 0x88cc],
      ['lacp', 0x02, 0x8809],
      ['ptp', 0x0e, 0x88f7],
      ['others', 0x03, 0x888e],
      ['pause', 0x01, 0x8808],
    ];
    const passing = (bits: number): string[] => {
      subject.reserved = bits;
      const passed = frames.filter(([, last, etherType]) => {
        view.setUint16(AT + 12, etherType);
        return decide(LOCAL_PORT, group + last, HERE) === FLOOD;
      });
      return [...new Set(passed.map(([kind]) => kind))];
    };
    for (const [kind, bit] of Object.entries(RESERVED)) expect(passing(bit)).toEqual([kind]);
    expect(passing(31)).toEqual(['bpdu', 'lldp', 'lacp', 'ptp', 'others']);
    expect(passing(0)).toEqual([]);
  });
});
