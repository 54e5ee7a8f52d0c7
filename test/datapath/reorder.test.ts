import { describe, expect, it } from 'vitest';
import { Reorder } from '../../src/datapath/frames/reorder.js';
import { Arena } from '../../src/state/arena.js';
import { Datagram } from '../../src/state/datagram.js';

const SIZES = { tapSlots: 1, receiveSlots: 1, sharedRingBytes: 4096, ownRings: 0, ownRingBytes: 0 };
const GREEDY = 0;
const MODEST = 1;

describe('datagrams of the lane that wait', () => {
  it('leave room for other peers, whatever gaps one peer makes', () => {
    const arena = new Arena(SIZES, 0);
    const released: string[] = [];
    const reorder = new Reorder(arena, {
      unpack: ({ peer, body }) => released.push(`${peer}:${arena.bytes[body]}`),
    });
    const datagram = Object.assign(new Datagram(), { linkId: 0, body: arena.receiveBase, now: 1 });
    datagram.end = datagram.body + 100;
    const offer = (peer: number, counter: number): boolean => {
      arena.bytes[datagram.body] = counter;
      return reorder.offer(Object.assign(datagram, { slot: peer, peer, counter }));
    };

    const share = (arena.reorderCells * 7) / 8;
    for (let counter = 1; counter <= share; counter++) expect(offer(GREEDY, counter)).toBe(false);
    expect([1, 2, 3].map((counter) => offer(MODEST, counter))).toEqual([false, false, false]);
    expect(offer(GREEDY, share + 1)).toBe(true);
    expect(released).toHaveLength(share);

    expect(offer(MODEST, 0)).toBe(true);
    reorder.advance(Object.assign(datagram, { now: 2 }));
    expect(released.slice(share)).toEqual(['1:1', '1:2', '1:3']);
  });

  it('take one ring of a peer, whichever of its sessions, and a ring is there for every peer', () => {
    const arena = new Arena(SIZES, 0);
    const released: string[] = [];
    const reorder = new Reorder(arena, {
      unpack: ({ peer, slot, body }) => released.push(`${peer}/${slot}:${arena.bytes[body]}`),
    });
    const datagram = Object.assign(new Datagram(), { linkId: 0, body: arena.receiveBase, now: 1 });
    datagram.end = datagram.body + 100;
    const offer = (peer: number, slot: number, counter: number): boolean => {
      arena.bytes[datagram.body] = counter;
      return reorder.offer(Object.assign(datagram, { slot, peer, counter }));
    };

    const SESSIONS = 64;
    for (let slot = 0; slot < SESSIONS; slot++) expect(offer(GREEDY, slot, 5)).toBe(false);
    expect(released).toEqual(Array.from({ length: SESSIONS - 1 }, (_, slot) => `0/${slot}:5`));

    const PEERS = 100;
    for (let peer = 1; peer <= PEERS; peer++) expect(offer(peer, SESSIONS + peer, 2)).toBe(false);
    for (let peer = 1; peer <= PEERS; peer++) {
      expect(offer(peer, SESSIONS + peer, 1)).toBe(false);
      expect(offer(peer, SESSIONS + peer, 0)).toBe(true);
      reorder.advance(datagram);
      expect(released.slice(-2)).toEqual([`${peer}/${SESSIONS + peer}:1`, `${peer}/${SESSIONS + peer}:2`]);
    }
  });
});
