/** Real hosts join groups by IGMP and MLD; a real daemon asks, and sends them only what they joined. */
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { Mesh } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import { labProblem, needsLab } from './support.js';

/** Joins a group on octo0 and prints `ready`, then the bytes of each datagram that comes. */
const MEMBER = `
import socket, struct, sys
group = sys.argv[1]
family = socket.AF_INET6 if ":" in group else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)
s.bind(("", int(sys.argv[2])))
index = socket.if_nametoindex("octo0")
if family == socket.AF_INET:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4si", socket.inet_aton(group), b"", index))
else:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(family, group) + struct.pack("I", index))
print("ready", flush=True)
while True:
    print(len(s.recv(65536)), flush=True)
`;

/** Sends COUNT times SEGMENT bytes to a group, ten in one super-frame. */
const SENDER = `
import socket, struct, sys
group, count, segment = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
family = socket.AF_INET6 if ":" in group else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
index = socket.if_nametoindex("octo0")
if family == socket.AF_INET:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", b"", b"", index))
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 4)
else:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
s.setsockopt(17, 103, segment)
for at in range(count // 10):
    s.sendto(bytes(10 * segment), (group, int(sys.argv[4])))
`;

describe('multicast among four hosts', () => {
  let lab: Lab;
  let mesh: Mesh;
  beforeAll(async () => {
    if (labProblem) return;
    lab = await Lab.build({ hosts: 4, underlays: [{ family: 4 }] });
    mesh = await Mesh.start(lab, { interfaceLines: ['multicast snooping', 'multicast querier interval 10'] });
    await mesh.waitUp(true);
  });
  beforeEach(needsLab);
  afterAll(() => lab?.remove());

  /** Starts a member and waits until its host's join has been made; the returned list grows. */
  async function member(host: number, group: string, port: number): Promise<number[]> {
    const started = lab.start(host, 'python3', ['-c', MEMBER, group, String(port)]);
    const lines = createInterface({ input: started.output });
    const sizes: number[] = [];
    await new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line === 'ready') resolve();
        else sizes.push(Number(line));
      });
    });
    return sizes;
  }

  it.each([
    { group: '239.77.1.2', port: 5000 },
    { group: 'ff1e::77:2', port: 5001 },
  ])('$group goes to the two that joined it, in super-frames', async ({ group, port }) => {
    const sender = await mesh.control(4);
    const members = [await member(2, group, port), await member(3, group, port)];
    const family = group.includes(':') ? 'ipv6' : 'ipv4';
    const hasAnswers = async (): Promise<boolean> => {
      const [status] = await sender.call('show.multicast', {});
      const wanted = status.groups.find((one) => one.group === group)?.members.map(({ peer }) => peer);
      const isSettled = status.queriers.some((one) => one.family === family && one.settled);
      return isSettled && status.unsettled.length === 0 && wanted?.sort().join() === 'h2,h3';
    };
    await until('the querier has its answers', hasAnswers, 30_000);
    const sent = async (): Promise<number[]> => {
      const peers = await sender.call('show.peers', {});
      return ['h1', 'h2', 'h3'].map((name) => peers.find((peer) => peer.name === name)?.txFrames ?? 0);
    };
    const before = await sent();
    await lab.run(4, 'python3', ['-c', SENDER, group, '200', '1000', String(port)]);
    await until('both have all', () => members.every((sizes) => sizes.length === 200), 10_000);
    const more = (await sent()).map((count, index) => count - before[index]);
    expect(more[0]).toBeLessThan(5);
    expect(more[1]).toBeGreaterThanOrEqual(20);
    expect(members.map((sizes) => sizes.every((size) => size === 1000))).toEqual([true, true]);
    sender.close();
  });
});
