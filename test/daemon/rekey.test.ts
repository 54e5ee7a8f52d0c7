/** Two ends' handshakes on the control thread, without a datapath: what they tell of sessions. */
import { describe, expect, it } from 'vitest';
import type { DatapathCommand } from '../../src/contract/commands.js';
import type { DatapathEvent } from '../../src/contract/events.js';
import { SharedStats } from '../../src/contract/stats.js';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import type { Datapath } from '../../src/daemon/interfaces/datapath.js';
import type { HandshakeClock } from '../../src/daemon/interfaces/handshake-clock.js';
import { Handshakes } from '../../src/daemon/interfaces/handshakes.js';
import type { Native } from '../../src/native/binding.js';
import { PATH } from '../../src/native/ops.js';

const PEER = 0;

class End {
  readonly keys = generateKeyPair(sodiumPrimitives);
  readonly handshakes: Handshakes;
  readonly told: boolean[] = [];
  readonly outbox: DatapathCommand[] = [];
  slot = -1;

  constructor(now: () => number) {
    const native = {
      now,
      hasHardwareAes: () => true,
      keyInstall: () => undefined,
      keyWipe: () => undefined,
    } as unknown as Native;
    const clock = { read: () => now() } as unknown as HandshakeClock;
    const datapath = {
      stats: new SharedStats({ peers: 1, links: 1 }),
      alive: true,
      send: (command: DatapathCommand) => this.outbox.push(command),
    } as unknown as Datapath;
    this.handshakes = new Handshakes(native, datapath, this.keys, 'auto', clock, {
      judge: () => 'unknown-peer',
      takeId: () => null,
      certify: () => false,
      certificate: () => null,
    });
    this.handshakes.on('session', (_, session) => this.told.push(session !== null));
  }
}

function deliver(ends: readonly [End, End]): void {
  const words = new Array<number>(PATH.WORDS).fill(0);
  words[PATH.FAMILY] = 4;
  while (ends.some(({ outbox }) => outbox.length > 0)) {
    ends.forEach((end, index) => {
      const other = ends[1 - index];
      for (const command of end.outbox.splice(0)) {
        if (command.kind === 'session-send') end.slot = command.slot;
        if (command.kind !== 'send-raw' && command.kind !== 'send-raw-peer') continue;
        const event: DatapathEvent = { kind: 'handshake', bytes: command.bytes, path: { socket: 0, words } };
        other.handshakes.take(event);
      }
    });
  }
}

describe('sessions', () => {
  it('are told of when they begin and end, not when they are rekeyed', () => {
    let now = 1e9;
    const ends = [new End(() => now), new End(() => now)] as const;
    const [a, b] = ends;
    b.handshakes.addPeer({ id: PEER, publicKey: a.keys.publicKey, mayInitiate: false });
    a.handshakes.addPeer({ id: PEER, publicKey: b.keys.publicKey, mayInitiate: true });
    deliver(ends);
    expect(a.told).toEqual([true]);
    const before = a.slot;
    now += 10e6;
    a.handshakes.take({ kind: 'counter-high', slot: a.slot, peer: PEER });
    a.handshakes.take({ kind: 'all-links-down', peer: PEER });
    deliver(ends);
    expect(a.slot).not.toBe(before);
    expect(a.told).toEqual([true]);
    a.handshakes.removePeer(PEER);
    expect(a.told).toEqual([true, false]);
    for (const { handshakes } of ends) handshakes.close();
  });
});
