/**
 * `npm run macs`: what the MAC table by itself costs a frame as stations grow from 10 to 100,000, in rounds that alternate, and whether one
 * peer with a million source addresses pushes out or slows down the stations of others. No root, no network.
 */
import { LOCAL_PORT, MacTable, MISS } from '../src/switch/mac-table.js';

export const HELP = `usage: npm run macs

Measures what the MAC table costs a frame as stations grow, and a million addresses of one peer. No root, no network.
`;

const COUNTS = [10, 1000, 10_000, 100_000] as const;
const ROUNDS = 9;
const FRAMES = 1 << 19;
/** Time goes on, so that stations are heard again: 330,000 frames a second. */
const STEP_US = 3;
const PORTS = 8;
const HIGH = 0x0200;
const HOSTILE_MACS = 1_000_000;
const HOSTILE = PORTS + 1;
const SEED = [0x1234567, 0x89abcdef] as const;

/** The word that follows another in a reproducible sequence (Numerical Recipes). */
function next(word: number): number {
  return (Math.imul(word, 1664525) + 1013904223) >>> 0;
}

/** A table with so many stations at several ports, and the stations of frames among them in no order. */
function scene(stations: number) {
  const table = new MacTable({ limit: 1 << 17, seed: SEED });
  for (let low = 0; low < stations; low++) table.learn(0, HIGH, low, low % PORTS, 0);
  const lows = new Uint32Array(FRAMES);
  for (let frame = 0, word = stations; frame < FRAMES; frame++) {
    word = next(word);
    lows[frame] = (word >>> 4) % stations;
  }
  return { table, lows, now: 1000 };
}

/** Nanoseconds to learn the source and look up the destination of a frame. */
function cost(of: ReturnType<typeof scene>): number {
  const { table, lows } = of;
  const { user } = process.cpuUsage();
  for (let frame = 1; frame < FRAMES; frame++) {
    of.now += STEP_US;
    table.learn(0, HIGH, lows[frame], lows[frame] % PORTS, of.now);
    table.lookup(0, HIGH, lows[FRAMES - frame], of.now);
  }
  return (1000 * (process.cpuUsage().user - user)) / FRAMES;
}

function growth(): void {
  const scenes = COUNTS.map(scene);
  const rounds = Array.from({ length: ROUNDS }, () => scenes.map(cost));
  COUNTS.forEach((count, index) => {
    const sorted = rounds.map((round) => round[index]).sort((a, b) => a - b);
    const [least, median, most] = [sorted[0], sorted[ROUNDS >> 1], sorted[ROUNDS - 1]].map(Math.round);
    console.log(`${String(count).padStart(7)} stations: ${median} ns a frame (${least} to ${most})`);
  });
}

function hostile(): void {
  const table = new MacTable({ limit: 8192, seed: SEED });
  const stations = 4000;
  for (let low = 0; low < stations; low++) table.learn(0, HIGH, low, (low % (PORTS + 1)) + LOCAL_PORT, 0);
  let flooded = 0;
  for (let low = 0; low < HOSTILE_MACS; low++) {
    table.learn(0, HIGH + 2, low, HOSTILE, 1000);
    if (table.lookup(0, HIGH, low % stations, 1000) === MISS) flooded++;
  }
  let kept = 0;
  for (let low = 0; low < stations; low++) if (table.lookup(0, HIGH, low, 1000) !== MISS) kept++;
  console.log(
    `${HOSTILE_MACS} source addresses of one peer: ${stations - kept} of ${stations} entries of others lost, ${flooded} of their frames flooded`,
  );
}

/** Returns the exit code. */
export function main(): number {
  growth();
  hostile();
  return 0;
}
