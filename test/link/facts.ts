/** What a link's events tell: of a link at 10/30 ms that has just fallen silent. */
import type { LinkFacts } from '../../src/api/link-states.js';

export const FACTS: LinkFacts = {
  heardUsAgo: 31_200,
  beatsMissed: 3,
  beatsHeard: 0,
  ownStallUs: 0,
  holdUs: 30_000,
  peerHearsUs: true,
  rttUs: 2140,
  jitterUs: 100,
  lossOutPermille: 0,
  lossInPermille: 0,
  dampedUs: 0,
};
