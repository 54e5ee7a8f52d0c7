import { describe, expect, it } from 'vitest';
import { HandshakeRecord } from '../../src/handshake/record.js';
import { type Host, SECOND, World } from './world.js';

const PSK = new Uint8Array(32).fill(7);

/** Two hosts of which only the first calls; `join` makes them peers. */
function two(join: (caller: Host, called: Host) => void): { world: World; caller: Host; called: Host } {
  const world = new World(3);
  const [caller, called] = [world.addHost(), world.addHost()];
  join(caller, called);
  return { world, caller, called };
}

describe('the record of handshakes', () => {
  it('counts what was sent and not answered, and forgets it with an answer', () => {
    const { world, caller, called } = two((a, b) => a.connect(b));
    world.run(10 * SECOND);
    const { record } = caller.handshaker;
    expect(record.of(called.id)).toMatchObject({ answeredAt: null, calledAt: null, refusal: null });
    expect(record.of(called.id).unanswered).toBeGreaterThan(3);
    called.connect(caller, false);
    world.run(20 * SECOND);
    expect(record.of(called.id).unanswered).toBe(0);
    expect(record.of(called.id).answeredAt).toBeGreaterThan(10 * SECOND);
    expect(called.handshaker.record.of(caller.id).calledAt).toBeGreaterThan(10 * SECOND);
  });

  it('knows the key of a stranger and where it called from', () => {
    const { world, caller, called } = two((a, b) => a.connect(b));
    world.run(2 * SECOND);
    const last = called.handshaker.record.last('unknown-peer');
    expect(last).toMatchObject({ peer: null, reason: 'unknown-peer' });
    expect(last?.publicKey).toEqual(caller.keys.publicKey);
    expect(called.handshaker.record.strangerAt(last?.path ?? [])).toBe(last);
  });

  it('blames the peer whose answer does not decrypt', () => {
    const { world, caller, called } = two((a, b) => {
      b.connect(a, false);
      a.connect(b, true, PSK);
    });
    world.run(2 * SECOND);
    expect(caller.handshaker.record.of(called.id).refusal).toMatchObject({
      reason: 'response-not-authentic',
      peer: called.id,
    });
  });

  it('keeps a bounded number of strangers, and nothing of what is normal', () => {
    const record = new HandshakeRecord();
    const at = (last: number) => [4, 1, (10 << 24) | last, 0, 0, 0];
    for (let host = 0; host < 100; host++) record.misaddressed(at(host), host);
    expect(record.strangerAt(at(0))).toBeNull();
    expect(record.strangerAt(at(99))).toMatchObject({ at: 99, reason: 'mac1-wrong' });
    record.refused('handshake-duplicate', at(7), { peer: 4, publicKey: null }, 0);
    expect(record.of(4).refusal).toBeNull();
  });
});
