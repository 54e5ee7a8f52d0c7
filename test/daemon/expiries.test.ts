/** What will expire is told ahead, once, and again when it has. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ExpiryStatus, InterfaceConfig } from '../../src/api/index.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import type { Expiring } from '../../src/daemon/base/expiring.js';
import { expiringCertificate } from '../../src/daemon/interfaces/own-certificate.js';
import { Expiries } from '../../src/daemon/observe/expiries.js';
import { authorityKeys, signCertificate } from '../../src/member/certificate.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function watched(things: Expiring[]) {
  const told: ExpiryStatus[] = [];
  const at = { nowMs: 0 };
  const sources = [() => things];
  const expiries = new Expiries({ sources, nowMs: () => at.nowMs, tell: (what) => told.push(what) });
  return { expiries, told, at };
}

const invitation = (name: string, fromMs: number, expiresMs: number): Expiring => ({
  kind: 'invitation',
  interface: 'octo0',
  name,
  fromMs,
  expiresMs,
});

it('tells a week before, or in the second half of a shorter life', () => {
  const { expiries, told, at } = watched([
    invitation('long', 0, 30 * DAY_MS),
    invitation('short', 0, DAY_MS),
  ]);
  const heard = (days: number) => {
    at.nowMs = days * DAY_MS;
    expiries.look();
    return told.splice(0).map(({ name, state }) => `${name} ${state}`);
  };
  expect(heard(0)).toEqual([]);
  expect(heard(0.6)).toEqual(['short soon']);
  expect(heard(0.7)).toEqual([]);
  expect(heard(1)).toEqual(['short expired']);
  expect(heard(22.9)).toEqual([]);
  expect(heard(23)).toEqual(['long soon']);
  expect(heard(30)).toEqual(['long expired']);
  expect(heard(31)).toEqual([]);
  expect(expiries.list().map(({ name }) => name)).toEqual(['long']);
  at.nowMs = 37 * DAY_MS;
  expect(expiries.list()).toEqual([]);
});

it('never tells anything twice, nor keeps what is gone, however often it looks', () => {
  const lives = fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 60 })), { maxLength: 8 });
  fc.assert(
    fc.property(lives, fc.array(fc.nat(24 * 140), { maxLength: 40 }), (spans, looks) => {
      const things = spans.map(([from, days], i) =>
        invitation(`n${i}`, from * DAY_MS, (from + days) * DAY_MS),
      );
      const { expiries, told, at } = watched(things);
      for (const hour of looks.sort((a, b) => a - b)) {
        at.nowMs = hour * HOUR_MS;
        expiries.look();
        const times = expiries.list().map(({ expiresMs }) => expiresMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }
      const ids = told.map(({ name, state }) => `${name} ${state}`);
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

it('knows when the certificate of an interface ends, and takes anything else for none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'octolink-expiries-'));
  try {
    const certificateFile = join(folder, 'certificate');
    const config = { name: 'octo0', certificateFile } as InterfaceConfig;
    expect([...expiringCertificate(config)]).toEqual([]);
    writeFileSync(certificateFile, 'octolink-certificate1-AAAA\n');
    expect([...expiringCertificate(config)]).toEqual([]);
    const keys = authorityKeys(sodiumPrimitives, new Uint8Array(32).fill(7));
    const publicKey = new Uint8Array(32).fill(9);
    const said = { name: 'osaka', publicKey, issuedMs: 1_000, expiresMs: 90 * DAY_MS, groups: [] };
    writeFileSync(certificateFile, `${signCertificate(sodiumPrimitives, said, keys)}\n`);
    expect([...expiringCertificate(config)]).toEqual([
      { kind: 'certificate', interface: 'octo0', name: 'osaka', fromMs: 1_000, expiresMs: 90 * DAY_MS },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
