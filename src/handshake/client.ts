/** A peer that is admitted without a block of its own. */
import type { KeyLine } from '../config/authorized-keys.js';

/** More clients than this are not admitted by one interface. */
export const MAX_CLIENTS = 65_536;

/** A client that may come. */
export interface Client extends Omit<KeyLine, 'publicKey'> {
  /** Bytes of the public key, as `asKey` makes them. */
  readonly key: string;
  /** Where it stands in the file, 1-based. */
  readonly line: number;
  /** What outlives a session and a change of the line: a stranger must not repeat what this client said once. */
  readonly memory: { lastTimestamp: number };
}
