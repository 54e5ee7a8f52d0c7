/** Randomness of a simulated run: everything random in a run comes from one seed, so that it can be repeated. */

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from `least` up to and with `most`. */
export function integer(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

export function randomBytes(random: () => number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = random() * 256;
  return bytes;
}

/** The seed of this run: `SEED` of the environment, or a new one. */
export function runSeed(): number {
  const given = process.env['SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given) >>> 0;
}

/** Runs `body` with a seed, and names the seed when it fails. */
export async function withSeed(body: (seed: number) => void | Promise<void>): Promise<void> {
  const seed = runSeed();
  try {
    await body(seed);
  } catch (error) {
    if (error instanceof Error) error.message = `[SEED=${seed} repeats this run] ${error.message}`;
    throw error;
  }
}
