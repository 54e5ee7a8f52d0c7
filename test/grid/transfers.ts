/** Every transfer of the grid: each path alone, each pair. */
import { type ProfileName, pairsOfKinds, pairsOfPublished } from './profiles.js';

const pairs = [...pairsOfKinds(), ...pairsOfPublished()];
const names = new Set(pairs.flat());

export const TRANSFERS: readonly (readonly ProfileName[])[] = [...[...names].map((name) => [name]), ...pairs];
