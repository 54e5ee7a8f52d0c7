/** What two ends agree on inside the handshake: datapath version and AEAD. */
import type { AeadChoice } from '../api/config.js';
import type { Answer, Offer } from '../crypto/payloads.js';
import { AEAD } from '../native/ops.js';

/** Datapath versions this build speaks. */
export const LOWEST_VERSION = 1;
export const HIGHEST_VERSION = 1;

/** The AEADs an end allows, as the sum of `AEAD` numbers. */
export function allowedAeads(choice: AeadChoice): number {
  switch (choice) {
    case 'auto':
      return AEAD.AES_256_GCM | AEAD.CHACHA20_POLY1305;
    case 'aes-256-gcm':
      return AEAD.AES_256_GCM;
    case 'chacha20-poly1305':
      return AEAD.CHACHA20_POLY1305;
  }
}

/** What an end offers of AEADs. */
export function ownTerms({ aead, hardwareAes }: { aead: AeadChoice; hardwareAes: boolean }): {
  aeads: number;
  hardwareAes: boolean;
} {
  return { aeads: allowedAeads(aead), hardwareAes };
}

/**
 * AES-256-GCM where both ends have it in hardware, else ChaCha20-Poly1305: AES in software is slow and leaks by
 * timing. Where only one AEAD is allowed by both, it is that one. Undefined when there is none.
 */
export function chooseAead(own: { aeads: number; hardwareAes: boolean }, offer: Offer): number | undefined {
  const common = own.aeads & offer.aeads;
  const bothHardware = own.hardwareAes && offer.hardwareAes;
  if (bothHardware && (common & AEAD.AES_256_GCM) !== 0) return AEAD.AES_256_GCM;
  if ((common & AEAD.CHACHA20_POLY1305) !== 0) return AEAD.CHACHA20_POLY1305;
  return (common & AEAD.AES_256_GCM) !== 0 ? AEAD.AES_256_GCM : undefined;
}

/** The highest version both ends speak; undefined when the ranges do not meet. */
export function chooseVersion(offer: Offer): number | undefined {
  const highest = Math.min(HIGHEST_VERSION, offer.highestVersion);
  return highest >= Math.max(LOWEST_VERSION, offer.lowestVersion) ? highest : undefined;
}

/** What is wrong with an authentic answer to an offer of ours; `generation` and `aeads` are those that we offered. */
export function answerProblem(
  answer: Answer,
  generation: number,
  aeads: number,
): 'answer-not-offered' | undefined {
  const oneAead = answer.aead !== 0 && (answer.aead & (answer.aead - 1)) === 0;
  const offered =
    answer.version >= LOWEST_VERSION &&
    answer.version <= HIGHEST_VERSION &&
    oneAead &&
    (answer.aead & aeads) !== 0 &&
    answer.generation >= generation;
  return offered ? undefined : 'answer-not-offered';
}
