import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIp } from '../../src/grammar/address.js';
import { decodeMember, encodeMember, MAX_SEEN, type MemberMessage } from '../../src/member/messages.js';
import { MAX_RECORD_BYTES } from '../../src/member/record.js';
import { MAX_MEMBER_BYTES } from '../../src/wire/member.js';
import { runSeed, seededRandom } from '../sim/random.js';

const INPUTS = Number(process.env['OCTOLINK_FUZZ_INPUTS'] ?? 50_000);

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const bytes = fc.uint8Array({ minLength: 1, maxLength: MAX_RECORD_BYTES });
const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,62}$/);
const seen = fc.array(
  fc.record({
    link: fc.integer({ min: 0, max: 7 }),
    address: fc.constantFrom('192.0.2.1', '10.9.8.7', '2001:db8::1').map((text) => parseIp(text)!),
    port: fc.integer({ min: 1, max: 65_535 }),
  }),
  { maxLength: MAX_SEEN },
);
const message: fc.Arbitrary<MemberMessage> = fc.oneof(
  fc.record({ what: fc.constant('record' as const), record: bytes }),
  fc.record({ what: fc.constant('taken' as const), sequence: fc.maxSafeNat(), seen }),
  fc.record({ what: fc.constant('introduction' as const), name, seen, record: bytes }),
  fc.record({ what: fc.constant('withdrawal' as const), publicKey: key }),
  fc.record({ what: fc.constant('proof' as const), record: bytes }),
  fc.record({ what: fc.constant('proven' as const), sequence: fc.maxSafeNat() }),
  fc.record({ what: fc.constant('question' as const), publicKey: key }),
);

describe('messages about members', () => {
  it('say what they said, and fit the smallest datagram', () => {
    fc.assert(
      fc.property(message, (said) => {
        const written = encodeMember(said);
        expect(written.length + 1).toBeLessThanOrEqual(MAX_MEMBER_BYTES);
        expect(decodeMember(written)).toEqual(said);
      }),
    );
  });

  it('take any bytes for what they are', () => {
    const seed = runSeed();
    const random = seededRandom(seed);
    const [right] = fc.sample(message, { seed, numRuns: 1 });
    const good = encodeMember(right);
    for (let input = 0; input < INPUTS; input++) {
      const given = good.slice(0, Math.floor(random() * (good.length + 1)));
      for (let changes = Math.floor(random() * 4); changes > 0; changes--) {
        if (given.length > 0) given[Math.floor(random() * given.length)] = Math.floor(random() * 256);
      }
      const read = decodeMember(given);
      if (read !== null) expect(encodeMember(read), `SEED=${seed}, input ${input}`).toEqual(given);
    }
  });
});
