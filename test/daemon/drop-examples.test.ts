import { describe, expect, it } from 'vitest';
import { DROPPED, DropExamples, DropFacts } from '../../src/contract/drop-examples.js';
import { DROP } from '../../src/contract/drops.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { dropExample } from '../../src/daemon/observe/drop-examples.js';

const MICROSECONDS = 1e6;
const examples = new DropExamples();
const runtime = {
  datapath: { dropExamples: examples },
  peers: { atRow: (row: number) => (row === 3 ? { config: { name: 'osaka' } } : undefined) },
} as unknown as InterfaceRuntime;

function write(reason: number, facts: Partial<DropFacts>, bytes: Uint8Array): void {
  examples.write(reason, Object.assign(new DropFacts(), { length: bytes.length, ...facts }), bytes, 0);
}

const ARP = Uint8Array.from(
  Buffer.from('ffffffffffff0200000000010806000108000604000102000000000a00000100000000000a000002', 'hex'),
);

describe('the last example of a drop reason', () => {
  it('says what it was to those who may see frames, and to nobody else', () => {
    write(DROP['no-session'], { form: DROPPED.FRAME, peer: 3, isOut: true, atUs: 7 * MICROSECONDS }, ARP);
    const seenBy = (maySeeFrames: boolean) =>
      dropExample(runtime, 'no-session', 9.5 * MICROSECONDS, maySeeFrames);
    const facts = { secondsAgo: 2.5, peer: 'osaka', link: null, direction: 'out', from: null };
    expect(seenBy(true)).toMatchObject(facts);
    expect(seenBy(true)?.text).toMatch(/^02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ARP/);
    expect(seenBy(false)).toEqual({ ...facts, length: ARP.length, text: null });
  });

  it('says where a datagram came from, and nothing of what it holds', () => {
    const remote = Int32Array.of(4, 7700, 0, 0, 0, 0);
    new Uint8Array(remote.buffer).set([192, 0, 2, 1], 8);
    write(DROP['unknown-index'], { form: DROPPED.SEALED, remote }, Uint8Array.of(1, 2, 3, 4));
    expect(dropExample(runtime, 'unknown-index', 0, true)).toMatchObject({
      from: '192.0.2.1:7700',
      text: 'sealed datagram',
    });
  });

  it('is none of reasons that are counted elsewhere, or of a peer that is gone', () => {
    expect(dropExample(runtime, 'handshake/no-such-reason', 0, true)).toBeNull();
    expect(dropExample(runtime, 'forged', 0, true)).toBeNull();
    write(DROP['frame-runt'], { peer: 9 }, ARP.subarray(0, 5));
    expect(dropExample(runtime, 'frame-runt', 0, true)).toMatchObject({
      peer: null,
      text: '5 bytes that are no frame',
    });
  });
});
