import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DampingSettings } from '../../src/contract/settings.js';
import { FLAP_PENALTY, FlapDamping } from '../../src/link/choice/damping.js';

const SECOND = 1e6;
const SETTINGS: DampingSettings = {
  halfLifeUs: 15 * SECOND,
  reuse: 1000,
  suppress: 2500,
  maxUs: 60 * SECOND,
};

function damped(settings: DampingSettings | null = SETTINGS): FlapDamping {
  const damping = new FlapDamping();
  damping.configure(3, settings);
  return damping;
}

describe('flap damping', () => {
  it('forgives two losses, holds back at the third, until the penalty has decayed', () => {
    const damping = damped();
    damping.flapped(3, 0);
    damping.flapped(3, SECOND);
    expect(damping.isSuppressed(3, SECOND)).toBe(false);
    damping.flapped(3, 2 * SECOND);
    expect(damping.isSuppressed(3, 2 * SECOND)).toBe(true);
    const left = damping.leftUs(3, 2 * SECOND);
    expect(left).toBeCloseTo(15 * SECOND * Math.log2(damping.penaltyOf(3, 2 * SECOND) / 1000), 0);
    expect(damping.isSuppressed(3, 2 * SECOND + left - 1)).toBe(true);
    expect(damping.isSuppressed(3, 2 * SECOND + left + 1)).toBe(false);
  });

  it('never minds a link that is lost now and then', () => {
    const damping = damped();
    for (let at = 0; at < 3600 * SECOND; at += 30 * SECOND) {
      damping.flapped(3, at);
      expect(damping.isSuppressed(3, at)).toBe(false);
    }
  });

  it('never holds back for longer than the maximum, however long it went on', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 * SECOND }), { minLength: 1 }), (gaps) => {
        const damping = damped();
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          damping.flapped(3, now);
        }
        expect(damping.leftUs(3, now)).toBeLessThanOrEqual(SETTINGS.maxUs);
        expect(damping.isSuppressed(3, now + SETTINGS.maxUs + 1)).toBe(false);
        expect(damping.penaltyOf(3, now)).toBeGreaterThanOrEqual(FLAP_PENALTY - 1e-6);
      }),
    );
  });

  it('can be switched off while it holds a link back', () => {
    const damping = damped();
    for (let flap = 0; flap < 5; flap++) damping.flapped(3, flap);
    damping.configure(3, null);
    expect(damping.isSuppressed(3, 10)).toBe(false);
    expect(damping.leftUs(3, 10)).toBe(0);
  });
});
