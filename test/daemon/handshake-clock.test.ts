import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HandshakeClock } from '../../src/daemon/interfaces/handshake-clock.js';

const DAY = 86_400e6;
const SECOND = 1e6;
const TODAY = 1_800_000_000 * SECOND;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octolink-clock-'));
  file = HandshakeClock.fileOf(folder, new Uint8Array(32).fill(7));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function refuse(error: Error): never {
  throw error;
}

/** The clock of a daemon that has just started, in a boot of the machine. */
function boot(wallClock: () => number, id = 'this'): HandshakeClock {
  return new HandshakeClock(file, wallClock, refuse, id);
}

describe('the time of handshakes', () => {
  it('goes on where it was after a restart in the past', () => {
    const sent = boot(() => TODAY).read();
    expect(sent).toBe(TODAY);
    expect(boot(() => TODAY - 30 * DAY).read()).toBeGreaterThan(sent);
    expect(boot(() => TODAY + DAY).read(), 'the wall clock, once it is ahead again').toBe(TODAY + DAY);
  });

  it('never goes back and never repeats, over any jumps, restarts, kills and boots', () => {
    const restart = fc.constantFrom('none', 'in order', 'killed', 'read once more', 'boot');
    const step = fc.record({ jump: fc.integer({ min: -DAY, max: DAY }), restart });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        rmSync(dirname(file), { recursive: true, force: true });
        let wall = TODAY;
        let id = 0;
        let clock = boot(() => wall, String(id));
        let last = 0;
        for (const { jump, restart } of steps) {
          wall += jump;
          if (restart === 'in order' || restart === 'read once more') clock.leave();
          if (restart === 'read once more') {
            last = clock.read();
          }
          if (restart === 'boot') id++;
          if (restart !== 'none') clock = boot(() => wall, String(id));
          const next = clock.read();
          expect(next).toBeGreaterThan(last);
          last = next;
        }
      }),
      { numRuns: 60 },
    );
  });

  it('goes on within what is reserved after an end in order, without a write to the disk', () => {
    const before = boot(() => TODAY);
    before.read();
    const reserved = readFileSync(file, 'utf8');
    before.leave();
    expect(boot(() => TODAY + SECOND).read()).toBe(TODAY + SECOND);
    expect(readFileSync(file, 'utf8')).toBe(reserved);
    expect(boot(() => TODAY + 2 * SECOND).read(), 'the note counts once').toBeGreaterThan(Number(reserved));
  });

  it('leaves nothing to another boot of the machine', () => {
    const before = boot(() => TODAY, 'one');
    before.read();
    before.leave();
    const reserved = Number(readFileSync(file, 'utf8'));
    expect(boot(() => TODAY + SECOND, 'another').read()).toBeGreaterThan(reserved);
  });

  it('leaves nothing to a time after another reservation', () => {
    const before = boot(() => TODAY);
    before.read();
    before.leave();
    const reserved = Number(readFileSync(file, 'utf8'));
    writeFileSync(file, `${reserved + SECOND}\n`);
    expect(boot(() => TODAY + SECOND).read()).toBeGreaterThan(reserved + SECOND);
  });

  it('is on disk before it is used, and written about every ten minutes only', () => {
    let wall = TODAY;
    const clock = boot(() => wall);
    const written = new Set<string>();
    for (let seconds = 0; seconds < 3600; seconds += 10) {
      wall = TODAY + seconds * SECOND;
      const sent = clock.read();
      const stored = readFileSync(file, 'utf8');
      expect(Number(stored)).toBeGreaterThanOrEqual(sent);
      written.add(stored);
    }
    expect(written.size).toBeLessThanOrEqual(7);
  });

  it('does not run away when a daemon restarts again and again', () => {
    for (let restart = 0; restart < 100; restart++) boot(() => TODAY).read();
    expect(boot(() => TODAY).read() - TODAY).toBeLessThan(15 * 60 * SECOND);
  });

  it('is the wall clock when the file is lost or holds something else', () => {
    boot(() => TODAY).read();
    for (const text of ['', 'yesterday', '-5', '1e400', '\0']) {
      writeFileSync(file, text);
      expect(boot(() => TODAY - DAY).read()).toBe(TODAY - DAY);
    }
  });

  it('goes on without a disk, and says so once', () => {
    const errors: Error[] = [];
    mkdirSync(dirname(dirname(file)), { recursive: true });
    writeFileSync(dirname(file), 'a file in the place of the folder');
    chmodSync(dirname(file), 0o600);
    let wall = TODAY;
    const clock = new HandshakeClock(
      file,
      () => wall,
      (error) => errors.push(error),
    );
    for (let hour = 0; hour < 5; hour++, wall += 3600 * SECOND) expect(clock.read()).toBe(wall);
    expect(errors).toHaveLength(1);
  });
});
