/** What most rows ask: that nothing is noticed of a cut while another link is left, and something when none is. */
import { pause, until } from '../lab/run.js';
import type { Bed } from './bed.js';

const CALM_MS = 2_000;
/** Longer than any dead time that a row sets. */
const SPLIT_MS = 5_000;
const PATIENCE_MS = 10_000;

/**
 * `losses` counts since the start what a program has lost. It must not grow in peace nor while the link in use is cut, and
 * must when all links are: else the row would hold for a program that notices nothing.
 */
export async function holdsThroughCuts(bed: Bed, what: string, losses: () => Promise<number>): Promise<void> {
  const before = await losses();
  await pause(CALM_MS);
  const calm = (await losses()) - before;
  await bed.cutAll();
  const cut = (await losses()) - before - calm;
  if (calm + cut > 0) throw new Error(`${what}: ${calm} in peace, ${cut} while a link was cut`);
  await bed.split(SPLIT_MS);
  await until(
    `it to be noticed that all links were cut (${what})`,
    async () => (await losses()) > before,
    PATIENCE_MS,
  );
}
