/** What the X25519 operations of a handshake alone allow. */
import { generateKeyPair, KEY_BYTES } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';

const OPERATIONS = 2_000;
/** A responder of IKpsk2: es, ss, ee and se, and an ephemeral key pair. */
const AGREEMENTS = 4;
const KEY_PAIRS = 1;

/** Handshakes a second that one core could answer if it did nothing but X25519. */
export function x25519Bound(): number {
  const own = generateKeyPair(sodiumPrimitives);
  const other = generateKeyPair(sodiumPrimitives);
  const shared = new Uint8Array(KEY_BYTES);
  const agreement = timed(() => sodiumPrimitives.dh(shared, own.secretKey, other.publicKey));
  const keyPair = timed(() => sodiumPrimitives.publicKey(own.secretKey));
  return 1000 / (AGREEMENTS * agreement + KEY_PAIRS * keyPair);
}

/** Processor time of a call, in ms: what else runs on the machine does not count. */
function timed(call: () => void): number {
  for (let warm = 0; warm < OPERATIONS / 10; warm++) call();
  const before = process.cpuUsage();
  for (let done = 0; done < OPERATIONS; done++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / OPERATIONS;
}
