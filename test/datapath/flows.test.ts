import { describe, expect, it } from 'vitest';
import { FlowTable } from '../../src/link/lane/flows.js';
import { build, type Packet } from './packets.js';

const PACKET: Packet = {
  version: 4,
  protocol: 'tcp',
  tags: 0,
  ipOptions: 0,
  tcpOptions: [],
  id: 1,
  dontFragment: true,
  ttl: 64,
  trafficClass: 0,
  ports: [40_000, 80],
  sequence: 1,
  tcpFlags: 0x10,
  payload: new Uint8Array(100),
};
const PEER = 3;

function take(flows: FlowTable, packet: Partial<Packet>, now: number, length?: number, peer = PEER): number {
  const { frame } = build({ ...PACKET, ...packet });
  return flows.take(peer, frame, 0, length ?? frame.length, now);
}

describe('flows', () => {
  it('are distinguished by addresses, protocol, ports and peer, and by nothing else', () => {
    const flows = new FlowTable([1, 2]);
    const one = take(flows, {}, 0);
    expect(take(flows, { sequence: 99, id: 7, trafficClass: 8 }, 1)).toBe(one);
    expect(take(flows, { tags: 1 }, 1)).toBe(one);
    const others = [
      take(flows, { ports: [40_001, 80] }, 1),
      take(flows, { protocol: 'udp' }, 1),
      take(flows, { version: 6 }, 1),
      take(flows, {}, 1, undefined, PEER + 1),
    ];
    expect(new Set([one, ...others]).size).toBe(5);
  });

  it('become bulk by what they send, and light again when they have been for a while', () => {
    const flows = new FlowTable([1, 2]);
    const flow = take(flows, {}, 0);
    for (let at = 0; at < 1e6; at += 1000) take(flows, {}, at, 1500);
    expect(flows.bulk[flow]).toBe(1);
    expect(flows.rate(flow, 1e6)).toBeGreaterThan(1.2e6);
    take(flows, {}, 2e6, 60);
    expect(flows.bulk[flow]).toBe(1);
    take(flows, {}, 5e6, 60);
    expect(flows.bulk[flow]).toBe(0);
  });

  it('begin as bulk when their first frames are more than a segment, and only then', () => {
    const flows = new FlowTable([1, 2]);
    const flow = take(flows, {}, 5e6, 60);
    expect(flows.beginsAsBulk(flow, 60, 5e6)).toBe(false);
    expect(flows.beginsAsBulk(flow, 1514, 5e6)).toBe(false);
    expect(flows.beginsAsBulk(flow, 2960, 5.5e6)).toBe(true);
    take(flows, {}, 7e6, 2960);
    expect(flows.beginsAsBulk(flow, 2960, 7e6)).toBe(false);
  });

  it('a stream of small acknowledgements stays light', () => {
    const flows = new FlowTable([1, 2]);
    for (let at = 0; at < 1e6; at += 1000) take(flows, {}, at, 66);
    expect(flows.bulk[take(flows, {}, 1e6, 66)]).toBe(0);
  });

  it('a flood of flows costs no more than the places of old ones', () => {
    const flows = new FlowTable([1, 2]);
    for (let port = 1; port < 20_000; port++) take(flows, { ports: [port, 80] }, port);
    let seen = 0;
    flows.eachOf(PEER, 20_000, 1e9, () => seen++);
    expect(seen).toBeLessThanOrEqual(4096);
    expect(seen).toBeGreaterThan(3500);
    flows.peerRemoved(PEER);
    flows.eachOf(PEER, 20_000, 1e9, () => expect.unreachable());
  });
});
