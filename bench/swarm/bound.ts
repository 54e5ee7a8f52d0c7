/** What the X25519 operations of a handshake alone allow. */
import { generateKeyPair, KEY_BYTES } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';

/** So many operations at a time: below a millisecond, which takes next to nothing from what is measured meanwhile. */
const OPERATIONS = 16;
const WARM = 200;
/** A responder of IKpsk2: es, ss, ee and se, and an ephemeral key pair. */
const AGREEMENTS = 4;
const KEY_PAIRS = 1;

/**
 * Measures a few operations whenever it is asked, by the processor time that they take: so they have the same neighbours, caches
 * and clock rate as the handshakes that they are compared with.
 */
export class X25519Bound {
  private readonly own = generateKeyPair(sodiumPrimitives);
  private readonly other = generateKeyPair(sodiumPrimitives);
  private readonly shared = new Uint8Array(KEY_BYTES);
  private agreementMs = 0;
  private keyPairMs = 0;
  private samples = 0;

  constructor() {
    for (let warm = 0; warm < WARM; warm++) this.agree();
    for (let warm = 0; warm < WARM; warm++) this.makePair();
  }

  sample(): void {
    this.agreementMs += timed(() => this.agree());
    this.keyPairMs += timed(() => this.makePair());
    this.samples++;
  }

  /** Handshakes a second that one core could answer if it did nothing but X25519. */
  get perSecond(): number {
    const each = (AGREEMENTS * this.agreementMs + KEY_PAIRS * this.keyPairMs) / this.samples;
    return 1000 / each;
  }

  private agree(): void {
    sodiumPrimitives.dh(this.shared, this.own.secretKey, this.other.publicKey);
  }

  private makePair(): void {
    sodiumPrimitives.publicKey(this.own.secretKey);
  }
}

/** Processor time of a call, in ms: what else runs on the machine does not count. */
function timed(call: () => void): number {
  const before = process.cpuUsage();
  for (let done = 0; done < OPERATIONS; done++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / OPERATIONS;
}
