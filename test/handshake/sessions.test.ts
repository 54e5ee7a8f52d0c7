import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Host, MILLISECOND, SECOND, World } from './world.js';

function twoHosts(seed: number): { world: World; a: Host; b: Host } {
  const world = new World(seed);
  return { world, a: world.addHost(), b: world.addHost() };
}

function count(host: Host, kind: string): number {
  return host.actions.filter((action) => action.kind === kind).length;
}

/** Loses packets in bursts of three, at this share in all. */
function burstLoss(world: World, share: number): void {
  let burst = 0;
  world.wire = () => {
    if (burst > 0) burst -= 1;
    else if (world.random() < share / 3 / (1 - share + share / 3)) burst = 2;
    else return 15 * MILLISECOND;
    return undefined;
  };
}

describe('two ends that start at once', () => {
  it('end with the same session, whatever the timing (1,000 seeds)', () => {
    const ends: number[] = [];
    for (let seed = 0; seed < 1000; seed++) {
      const { world, a, b } = twoHosts(seed);
      const spread = [1, 30, 300, 3000][seed % 4] * MILLISECOND;
      world.heartbeatInterval = 100 * MILLISECOND;
      world.wire = () => 1 + Math.floor(world.random() * spread);
      const [first, second] = world.random() < 0.5 ? [a, b] : [b, a];
      first.connect(second);
      world.run(world.now + Math.floor(world.random() * spread));
      second.connect(first);
      world.run(world.now + 60 * SECOND);
      expect(world.agree(a, b), `seed ${seed}`).toBe(true);
      expect([a.sessions.size, b.sessions.size], `seed ${seed}: one session left`).toEqual([1, 1]);
      ends.push(count(a, 'install-session'));
    }
    console.log(`simultaneous open: 1000 schedules, at most ${Math.max(...ends)} sessions made on the way`);
  });
});

describe('a bad path', () => {
  it('completes 50 of 50 handshakes at 30 % loss in bursts of three', () => {
    const times: number[] = [];
    for (let seed = 0; seed < 50; seed++) {
      const { world, a, b } = twoHosts(seed);
      burstLoss(world, 0.3);
      world.heartbeatInterval = 100 * MILLISECOND;
      b.connect(a, false);
      a.connect(b);
      const start = world.now;
      let done = 0;
      world.run(start + 120 * SECOND, () => {
        if (done === 0 && world.agree(a, b)) done = world.now;
      });
      expect(done, `seed ${seed}`).toBeGreaterThan(0);
      times.push((done - start) / SECOND);
    }
    times.sort((x, y) => x - y);
    console.log(
      `30 % burst loss: 50/50 handshakes, simulated p95 ${times[47].toFixed(2)} s, worst ${times[49].toFixed(2)} s`,
    );
  });

  it('completes 50 of 50 handshakes when 30 % of the messages are corrupted', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { world, a, b } = twoHosts(seed);
      world.corruption = 0.3;
      a.connect(b);
      b.connect(a);
      world.run(world.now + 60 * SECOND);
      expect(world.agree(a, b), `seed ${seed}`).toBe(true);
    }
  });

  it('completes over a one-way delay of 750 ms', () => {
    const { world, a, b } = twoHosts(7);
    world.wire = () => 750 * MILLISECOND;
    b.connect(a, false);
    a.connect(b);
    world.run(world.now + 4 * SECOND);
    expect(world.agree(a, b)).toBe(true);
    expect(count(a, 'send-to-peer')).toBeLessThanOrEqual(3);
    world.run(world.now + 30 * SECOND);
    expect([a.sessions.size, b.sessions.size]).toEqual([1, 1]);
  });

  it('keeps trying, never more often than twice a second and at least every 6 s', () => {
    const { world, a, b } = twoHosts(8);
    world.wire = () => undefined;
    a.connect(b);
    const sentAt: number[] = [];
    let sent = 0;
    world.run(world.now + 600 * SECOND, () => {
      const now = count(a, 'send-to-peer');
      if (now > sent) sentAt.push(world.now);
      sent = now;
    });
    const gaps = sentAt.slice(1).map((at, index) => at - sentAt[index]);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.5 * SECOND);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(6 * SECOND);
    expect(sentAt.length).toBeGreaterThan(100);
  });
});

describe('rekey', () => {
  it('makes 100 sessions one after another, with one that works at every moment', () => {
    const { world, a, b } = twoHosts(11);
    b.connect(a, false);
    a.connect(b);
    world.run(world.now + SECOND);
    world.run(world.now + 100 * 121 * SECOND, () => {
      if (!world.canTalk(a, b)) throw new Error(`no usable session at ${world.now / SECOND} s`);
    });
    expect(count(a, 'install-session')).toBeGreaterThanOrEqual(100);
    expect(a.lost + b.lost).toBe(0);
    expect(a.sessions.size).toBeLessThanOrEqual(2);
    expect(count(a, 'stop-sending') + count(b, 'stop-sending')).toBe(0);
  });

  it('loses no usable session at 30 % loss either', () => {
    const { world, a, b } = twoHosts(12);
    a.connect(b);
    b.connect(a);
    world.run(world.now + 5 * SECOND);
    burstLoss(world, 0.3);
    world.run(world.now + 1200 * SECOND, () => {
      if (!world.canTalk(a, b)) throw new Error(`no usable session at ${world.now / SECOND} s`);
    });
    expect(a.lost + b.lost).toBe(0);
  });

  it('is begun by the responder when the initiator does not', () => {
    const { world, a, b } = twoHosts(13);
    b.connect(a, false);
    a.connect(b);
    world.run(world.now + SECOND);
    // The initiator forgets its plans: its clock stops, only its answers work.
    a.handshaker.advance = () => [];
    a.handshaker.nextDeadline = () => undefined;
    world.run(world.now + 128 * SECOND);
    expect(count(b, 'send-to-peer')).toBe(0);
    world.run(world.now + 10 * SECOND);
    expect(count(b, 'send-to-peer')).toBe(1);
    expect(world.agree(a, b)).toBe(true);
  });

  it('follows a high counter at once, and the session before it still receives for 10 s', () => {
    const { world, a, b } = twoHosts(14);
    b.connect(a, false);
    a.connect(b);
    world.run(world.now + 3 * SECOND);
    const before = b.sending.get(a.id)!;
    b.perform(b.handshaker.counterHigh(before, world.now));
    world.run(world.now + 5 * SECOND);
    expect(b.sending.get(a.id)).not.toBe(before);
    expect(world.agree(a, b)).toBe(true);
    expect(b.sessions.has(before)).toBe(true);
    world.run(world.now + 7 * SECOND);
    expect(b.sessions.has(before)).toBe(false);
  });

  it('does not let the responder send before the session is confirmed', () => {
    const { world, a, b } = twoHosts(15);
    b.connect(a, false);
    a.connect(b);
    a.sendHeartbeat = () => {};
    world.heartbeatInterval = 1000 * SECOND;
    world.run(world.now + 10 * SECOND);
    expect(b.sessions.size).toBe(1);
    expect(b.sending.size).toBe(0);
    const [first] = b.sessions.keys();
    world.run(world.now + 6 * SECOND);
    expect(b.sessions.has(first), 'and forgets it').toBe(false);
  });

  it('follows soon a session under which nothing arrives: the other end may have it no more', () => {
    const { world, a, b } = twoHosts(17);
    b.connect(a, false);
    a.connect(b);
    b.sendHeartbeat = () => {};
    world.run(world.now + SECOND);
    const silent = a.sending.get(b.id)!;
    world.run(world.now + 8 * SECOND);
    expect(a.sending.get(b.id)).toBe(silent);
    world.run(world.now + 4 * SECOND);
    expect(a.sending.get(b.id)).not.toBe(silent);
  });

  it('stops sending at 180 s and forgets the session at 190 s when the peer is gone', () => {
    const { world, a, b } = twoHosts(16);
    b.connect(a, false);
    a.connect(b);
    world.run(world.now + SECOND);
    const start = world.now - SECOND;
    world.wire = () => undefined;
    world.run(start + 179 * SECOND);
    expect(a.sending.size).toBe(1);
    world.run(start + 181 * SECOND);
    expect([a.sending.size, a.sessions.size]).toEqual([0, 1]);
    world.run(start + 191 * SECOND);
    expect([a.sessions.size, b.sessions.size]).toEqual([0, 0]);
    expect(b.handshaker.nextDeadline(), 'who may not initiate rests').toBeUndefined();
  });
});

describe('one end restarts', () => {
  it.each([{ who: 'initiator' }, { who: 'responder' }])('after a crash of the $who', ({ who }) => {
    const { world, a, b } = twoHosts(21);
    b.connect(a, false);
    a.connect(b);
    world.run(world.now + 400 * SECOND);
    const [crashed, other] = who === 'initiator' ? [a, b] : [b, a];
    crashed.crash();
    crashed.connect(other, crashed === a);
    if (other === a) a.perform(a.handshaker.linksDown(b.id, world.now));
    world.run(world.now + 5 * SECOND);
    expect(world.agree(a, b)).toBe(true);
    world.run(world.now + 15 * SECOND);
    expect([a.sessions.size, b.sessions.size]).toEqual([1, 1]);
  });

  it('after a goodbye, as soon as the peer is back', () => {
    const { world, a, b } = twoHosts(22);
    b.connect(a, false);
    a.connect(b);
    world.run(world.now + 10 * SECOND);
    b.crash();
    a.perform(a.handshaker.goodbye(b.id, world.now));
    expect([a.sending.size, a.sessions.size]).toEqual([0, 0]);
    world.run(world.now + 20 * SECOND);
    b.connect(a, false);
    world.run(world.now + 7 * SECOND);
    expect(world.agree(a, b)).toBe(true);
  });

  it('calls a peer whose links are all down, and rests when they come back', () => {
    const { world, a, b } = twoHosts(23);
    b.connect(a, false);
    a.connect(b);
    world.run(world.now + 10 * SECOND);
    const wire = world.wire;
    world.wire = () => undefined;
    a.perform(a.handshaker.linksDown(b.id, world.now));
    world.run(world.now + 20 * SECOND);
    const calls = count(a, 'send-to-peer');
    expect(calls).toBeGreaterThan(3);
    world.wire = wire;
    a.perform(a.handshaker.linksUp(b.id, world.now));
    world.run(world.now + 30 * SECOND);
    expect(count(a, 'send-to-peer')).toBe(calls);
    expect(world.agree(a, b)).toBe(true);
  });

  it('on the operator word, by both ends together', () => {
    const { world, a, b } = twoHosts(24);
    a.connect(b);
    b.connect(a);
    world.run(world.now + 10 * SECOND);
    a.perform(a.handshaker.restart(b.id, world.now));
    b.perform(b.handshaker.restart(a.id, world.now));
    world.run(world.now + 5 * SECOND);
    expect(world.agree(a, b)).toBe(true);
  });
});

describe('any schedule', () => {
  it('of loss, delay, restarts and rekeys ends in agreement once the path is good', () => {
    const event = fc.record({
      after: fc.integer({ min: 0, max: 200 * SECOND }),
      kind: fc.constantFrom(
        'crash-a',
        'crash-b',
        'rekey-a',
        'rekey-b',
        'restart-a',
        'goodbye-b',
        'down-a',
        'down-b',
      ),
      loss: fc.double({ min: 0, max: 0.9, noNaN: true }),
      delay: fc.integer({ min: 1, max: 2 * SECOND }),
    });
    const property = fc.property(fc.array(event, { maxLength: 8 }), fc.nat(), (events, seed) => {
      const { world, a, b } = twoHosts(seed);
      a.connect(b);
      b.connect(a);
      for (const { after, kind, loss, delay } of events) {
        world.wire = () => (world.random() < loss ? undefined : Math.ceil(world.random() * delay));
        world.run(world.now + after);
        disturb(kind, a, b, world.now);
      }
      world.wire = () => 5 * MILLISECOND;
      for (const [host, peer] of [
        [a, b],
        [b, a],
      ]) {
        if (!world.canTalk(a, b)) host.perform(host.handshaker.linksDown(peer.id, world.now));
      }
      world.run(world.now + 20 * SECOND);
      expect(world.agree(a, b)).toBe(true);
    });
    const result = fc.check(property, { numRuns: 200 });
    console.log(`schedules: ${result.numRuns} runs, seed ${result.seed}`);
    expect(result.failed, fc.defaultReportMessage(result) ?? '').toBe(false);
  });
});

function disturb(kind: string, a: Host, b: Host, now: number): void {
  const [host, peer] = kind.endsWith('a') ? [a, b] : [b, a];
  if (kind.startsWith('crash')) {
    host.crash();
    host.connect(peer);
  } else if (kind.startsWith('rekey')) {
    host.perform(host.handshaker.counterHigh(host.sending.get(peer.id) ?? 0, now));
  } else if (kind.startsWith('restart')) {
    host.perform(host.handshaker.restart(peer.id, now));
  } else if (kind.startsWith('goodbye')) {
    host.perform(host.handshaker.goodbye(peer.id, now));
  } else {
    host.perform(host.handshaker.linksDown(peer.id, now));
  }
}
