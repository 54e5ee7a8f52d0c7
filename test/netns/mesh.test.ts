/** Real daemons on real TAP devices and sockets, in a lab. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apply, type Cut, FAR, NEAR, restore } from '../../scripts/demo/cuts.js';
import type { ControlConnection } from '../../scripts/lab/control.js';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress, Mesh, type MeshOptions } from '../../scripts/lab/mesh.js';
import { PingLog } from '../../scripts/lab/ping-log.js';
import type { LabSpec } from '../../scripts/lab/plan.js';
import { capture, until } from '../../scripts/lab/run.js';
import { answered, labProblem, needsLab } from './support.js';

const QUICK = { interval: 10, hold: 30 };

interface Running {
  lab: Lab;
  mesh: Mesh;
}

async function start(spec: LabSpec, options: MeshOptions): Promise<Running> {
  const lab = await Lab.build(spec);
  try {
    const mesh = await Mesh.start(lab, options);
    await mesh.waitUp(true);
    return { lab, mesh };
  } catch (error) {
    await lab.remove();
    throw error;
  }
}

/** Builds a mesh before the tests of a group and removes it after them; skips them where there is no lab. */
function aMesh(spec: LabSpec, options: MeshOptions): () => Running {
  let running: Running | undefined;
  beforeAll(async () => {
    if (!labProblem) running = await start(spec, options);
  });
  beforeEach(needsLab);
  afterAll(() => running?.lab.remove());
  return () => running!;
}

/** Sends a frame of exactly `bytes` of IP packet that may not be fragmented; true when it is answered. */
async function passesWhole(lab: Lab, bytes: number): Promise<boolean> {
  const ping = [
    'ping',
    '-c',
    '3',
    '-i',
    '0.05',
    '-W',
    '1',
    '-M',
    'do',
    '-s',
    String(bytes - 28),
    lanAddress(FAR),
  ];
  const { stdout } = await capture('ip', ['netns', 'exec', lab.hosts[NEAR - 1].namespace, ...ping]);
  return stdout.includes(' 3 received');
}

describe('a full mesh of four hosts', () => {
  const running = aMesh({ hosts: 4, underlays: [{ family: 4 }, { family: 6 }] }, { timers: QUICK });

  it('is one Ethernet: every host reaches every other, broadcast resolution included', async () => {
    const { lab, mesh } = running();
    for (const from of mesh.hosts) {
      for (const to of mesh.hosts) {
        if (from === to) continue;
        expect(await answered(lab.hosts[from.index - 1].namespace, to.lanAddress)).toBe(3);
      }
    }
  });

  it('delivers a broadcast to every other host exactly once', async () => {
    const { lab } = running();
    for (const host of lab.hosts.slice(1)) {
      const answer = 'echo 0 > /proc/sys/net/ipv4/icmp_echo_ignore_broadcasts';
      await lab.run(host.index, 'sh', ['-c', answer]);
    }
    // The second request gives the answers to the first one time to arrive; ping leaves at its last answer.
    const text = await lab.run(1, 'ping', ['-b', '-n', '-c', '2', '-i', '1', '10.77.0.255']);
    const answers = [...text.matchAll(/bytes from ([\d.]+): icmp_seq=1 /g)].map(([, address]) => address);
    expect(answers.sort()).toEqual(['10.77.0.2', '10.77.0.3', '10.77.0.4']);
  });

  it('shows in the MAC table behind which peer a station is', async () => {
    const { mesh } = running();
    const control = await mesh.control(NEAR);
    const peers = (await control.call('show.macTable', {})).map((entry) => entry.peer);
    control.close();
    expect(peers).toEqual(expect.arrayContaining(['h2', 'h3', 'h4']));
  });
});

describe('cutting links under a ping', () => {
  const running = aMesh(
    { hosts: 2, underlays: [{ family: 4 }, { family: 6 }, { family: 4 }] },
    { timers: QUICK },
  );

  const link = (control: ControlConnection, id: number, state: 'up' | 'down') =>
    control.call('wait', { peer: `h${FAR}`, link: id, state, timeoutS: 20 });

  /** Pings while `disturb` works; returns what was lost. */
  async function lostWhile(lab: Lab, disturb: () => Promise<void>): Promise<number> {
    const log = new PingLog();
    const ping = lab.start(NEAR, 'ping', ['-D', '-O', '-n', '-i', '0.001', lanAddress(FAR)]);
    const lines = createInterface({ input: ping.output });
    lines.on('line', (line) => log.feed(line));
    /** Waits for `count` more answers: the traffic flows, however slow the machine is. */
    const answersMore = async (count: number) => {
      const goal = log.received + count;
      while (log.received < goal) await once(lines, 'line');
    };
    await answersMore(100);
    await disturb();
    await answersMore(200);
    await ping.stop('SIGINT');
    return log.window(0, Number.MAX_SAFE_INTEGER).lost;
  }

  const cuts: Cut[] = [
    { link: 0, kind: 'near-end down' },
    { link: 0, kind: 'far-end down' },
    { link: 0, kind: 'black hole' },
  ];

  it.each(cuts)('by $kind moves the traffic to the next link and back', async (cut) => {
    const { lab, mesh } = running();
    const control = await mesh.control(NEAR);
    const activeLinks = async () => (await control.call('show.peer', { peer: `h${FAR}` })).activeLinks;
    // On a busy machine a link may go down again before it stays.
    const carriesByFirst = () =>
      until('link 0 to carry', async () => isDeepStrictEqual(await activeLinks(), [0]), 20_000);
    try {
      await carriesByFirst();
      const lost = await lostWhile(lab, async () => {
        await apply(lab, cut);
        await link(control, 0, 'down');
        expect(await activeLinks()).not.toContain(0);
        await restore(lab, cut);
        await carriesByFirst();
      });
      expect(lost).toBe(0);
    } finally {
      await restore(lab, cut);
      await link(control, 0, 'up');
      control.close();
    }
  });
});

describe('frames larger than the path', () => {
  describe('1500 bytes over a path of 1280', () => {
    const running = aMesh({ hosts: 2, underlays: [{ family: 6, mtu: 1280 }] }, {});
    it('pass whole', async () => expect(await passesWhole(running().lab, 1500)).toBe(true));
  });

  describe('9000 bytes over a path of 1500', () => {
    const running = aMesh({ hosts: 2, underlays: [{ family: 4 }] }, { mtu: 9000 });
    it('pass whole', async () => expect(await passesWhole(running().lab, 9000)).toBe(true));
  });
});

describe('a daemon that is ended', () => {
  const running = aMesh({ hosts: 2, underlays: [{ family: 4 }] }, { timers: QUICK });

  it('takes its interface and its socket with it and tells its peers', async () => {
    const { lab, mesh } = running();
    const [near, far] = mesh.hosts;
    await near.daemon.stop('SIGTERM');
    const { stdout } = await capture('ip', ['-n', lab.hosts[0].namespace, '-brief', 'link']);
    expect(stdout).not.toContain('octo0');
    expect(existsSync(near.socket)).toBe(false);
    const control = await mesh.control(far.index);
    await control.call('wait', { peer: near.name, state: 'down', timeoutS: 10 });
    control.close();
  });
});
