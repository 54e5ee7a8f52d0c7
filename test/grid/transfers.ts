/** Every transfer of the grid: each path alone, each pair. */
import { everyPair, type ProfileName } from './profiles.js';

const pairs = everyPair();
const names = new Set(pairs.flat());

export const TRANSFERS: readonly (readonly ProfileName[])[] = [...[...names].map((name) => [name]), ...pairs];
