/**
 * Where handshake messages wait for the control thread, and who may wait. Strangers can send any number of them from any
 * number of addresses; none of that may keep a friend out. So everything that is cheap is checked here, at the rate at
 * which datagrams arrive, before a message is stored anywhere:
 *
 *   answers       (responses, cookie replies) must be for an initiation that we have sent lately
 *   initiations   must be addressed to us (MAC1); under load they must also prove their address (MAC2), and those that
 *                 do not are answered with a cookie at once, which costs no memory; join requests are treated alike
 *
 * What passes waits in one of three lanes, each with places of its own: what strangers can fill takes no place from what
 * they cannot. Load is counted apart for the remote ends of our links and for all others, so that a flood from elsewhere
 * asks nothing more of a peer than usual.
 */
import { DROP } from '../contract/drops.js';
import type { PathRef } from '../contract/events.js';
import type { Origin } from '../crypto/cookie.js';
import { MESSAGE, mac2IsAbsent, receiverIndex, senderIndex } from '../crypto/handshake-messages.js';
import { ATTEMPT_LIFETIME_US, UNPROVED_PER_SECOND } from '../crypto/limits.js';
import type { HandshakeScreen, Refusal } from '../crypto/screen.js';
import { PATH } from '../native/ops.js';
import { HANDSHAKE_TAKEN } from '../state/io.js';
import { RELAY_FAMILY } from '../wire/overhead.js';

/**
 * Lanes, and how many messages may wait in each: answers; initiations from the remote end of a link or with a right MAC2;
 * other initiations.
 */
const LANE = { ANSWER: 0, FRIENDS: 1, OTHERS: 2 } as const;
const PLACES = [128, 256, 64] as const;
/**
 * Friends get more places where the control thread is fast: as many as it takes in this time while some wait, as long as they
 * are patient. They would all come again otherwise, and most of them in vain. How fast it is shows from so many taken.
 */
const PATIENCE_US = 1_000_000;
const MOST_FRIENDS = 2048;
const TELLING = 64;
/** A power of two that holds all places. */
const RING = 4096;

const UNPROVED = '';

/** Initiations that wait, from which senders must prove their addresses. */
const LOAD_WAITING = 32;
const LOAD_LASTS_US = 1_000_000;
const WINDOW_US = 1_000_000;
/** Cookie replies sent in one second: more would take the processor from frames. */
const COOKIES_PER_SECOND = 10_000;
/** MAC2s checked in one second, for the same reason. */
const PROOFS_PER_SECOND = 20_000;
/** Messages for another public key in one second that the control thread hears of, of known remote ends and of others. */
const MISADDRESSED_PER_SECOND = [32, 2] as const;

const REFUSED: Readonly<Record<Refusal, number>> = {
  'mac1-wrong': DROP['handshake/mac1-wrong'],
  'mac2-wrong': DROP['handshake/mac2-wrong'],
  'cookie-demanded': DROP['handshake/cookie-demanded'],
  'rate-limited': DROP['handshake/rate-limited'],
};

/** By which socket and path a message came: words of `PATH` from `at`. */
export interface Arrival {
  readonly socket: number;
  readonly words: Int32Array;
  readonly at: number;
}

/** What the gate asks of the world. */
interface GateExits {
  /** How many messages the control thread has taken so far. */
  taken(): number;
  /** Whether the path of an arrival leads to the remote end of a link. */
  isKnown(arrival: Arrival): boolean;
  /** Hands a message to the control thread. */
  handOn(bytes: Uint8Array, path: PathRef): void;
  /** Tells the control thread that a message by this path is not addressed to us. */
  misaddressed(path: PathRef): void;
  /** Sends a cookie reply back to where an initiation came from. */
  reply(bytes: Uint8Array, arrival: Arrival): void;
}

export class HandshakeGate {
  /** Indexes of our initiations, each with the time until which it may be answered; the oldest first. */
  private readonly awaited = new Map<number, number>();
  private readonly waiting = new Int32Array(PLACES.length);
  /** Lane of each message that waits, by its number. */
  private readonly lanes = new Uint8Array(RING);
  /** Origin of each message that waits and has proved it, and those origins: one message of each waits at a time. */
  private readonly origins = new Array<string>(RING).fill(UNPROVED);
  private readonly proved = new Set<string>();
  private given = 0;
  private settled = 0;
  /** How many places there are for friends, and what had been taken when that was worked out. */
  private friendPlaces: number = PLACES[LANE.FRIENDS];
  private counted = 0;
  /** For how long something has waited since then, and when that was last looked at. */
  private busyUs = 0;
  private lookedAt = 0;
  private readonly loads = [new Load(), new Load()] as const;
  private misaddressedSince = Number.NEGATIVE_INFINITY;
  private readonly misaddressedTold = [0, 0];

  constructor(
    private readonly screen: HandshakeScreen,
    private readonly exits: GateExits,
  ) {}

  /** A handshake message of ours is about to be sent: an initiation may be answered from now on. */
  sending(message: Uint8Array, now: number): void {
    if (message[0] !== MESSAGE.INITIATION) return;
    for (const [index, until] of this.awaited) {
      if (until > now) break;
      this.awaited.delete(index);
    }
    const index = senderIndex(message);
    this.awaited.delete(index);
    this.awaited.set(index, now + ATTEMPT_LIFETIME_US);
  }

  /**
   * Takes a message of the right form. Returns the index of the reason for which it is dropped, or `HANDSHAKE_TAKEN`.
   */
  take(message: Uint8Array, arrival: Arrival, now: number): number {
    if (this.settled < this.given) this.busyUs += now - this.lookedAt;
    this.lookedAt = now;
    this.settle();
    if (this.settled - this.counted >= TELLING) this.countPlaces();
    if (message[0] !== MESSAGE.INITIATION && message[0] !== MESSAGE.JOIN_REQUEST) {
      return this.answerRefusal(message, now) ?? this.enter(LANE.ANSWER, message, arrival);
    }
    const { screen } = this;
    if (!screen.isAddressedToUs(message)) return this.misaddressed(arrival, now);
    // A relay is a peer; it vouches for nobody's address.
    if (arrival.words[arrival.at + PATH.FAMILY] === RELAY_FAMILY)
      return this.enter(LANE.OTHERS, message, arrival);
    const isKnown = this.exits.isKnown(arrival);
    const load = this.loads[isKnown ? 0 : 1];
    const underLoad = load.add(this.waiting[isKnown ? LANE.FRIENDS : LANE.OTHERS], now);
    if (!mac2IsAbsent(message) && !load.mayCheckProof()) return DROP['handshake-queue-full'];
    const origin = originOf(arrival);
    const proof = screen.proof(message, origin, now);
    const objection = screen.objection(proof, origin, now, underLoad);
    if (objection === undefined) {
      if (proof === 'right') return this.enterProved(message, arrival, origin);
      return this.enter(isKnown ? LANE.FRIENDS : LANE.OTHERS, message, arrival);
    }
    if (objection !== 'cookie-demanded') return REFUSED[objection];
    if (!load.mayGiveCookie()) return DROP['handshake-queue-full'];
    this.exits.reply(screen.cookieReply(message, origin, now), arrival);
    return REFUSED[objection];
  }

  private answerRefusal(message: Uint8Array, now: number): number | undefined {
    const until = this.awaited.get(receiverIndex(message));
    if (until === undefined || until <= now) return DROP['handshake/not-asked-for'];
    if (message[0] === MESSAGE.COOKIE_REPLY) return undefined;
    const objection = this.screen.responseObjection(message);
    return objection === undefined ? undefined : REFUSED[objection];
  }

  /** Often the other end has a wrong key for us, and the operator here should learn of it. */
  private misaddressed(arrival: Arrival, now: number): number {
    if (now - this.misaddressedSince > WINDOW_US) {
      this.misaddressedSince = now;
      this.misaddressedTold.fill(0);
    }
    const who = this.exits.isKnown(arrival) ? 0 : 1;
    if (this.misaddressedTold[who]++ < MISADDRESSED_PER_SECOND[who]) this.exits.misaddressed(refOf(arrival));
    return REFUSED['mac1-wrong'];
  }

  /**
   * Who calls again while its call still waits has grown impatient: its first call will be answered, and to answer both
   * would make everybody wait longer.
   */
  private enterProved(message: Uint8Array, arrival: Arrival, { address, port }: Origin): number {
    const origin = `${address.join('.')}/${port}`;
    if (this.proved.has(origin)) return DROP['handshake/waits-already'];
    const place = this.given % RING;
    const verdict = this.enter(LANE.FRIENDS, message, arrival);
    if (verdict === HANDSHAKE_TAKEN) {
      this.proved.add(origin);
      this.origins[place] = origin;
    }
    return verdict;
  }

  private enter(lane: number, message: Uint8Array, arrival: Arrival): number {
    const places = lane === LANE.FRIENDS ? this.friendPlaces : PLACES[lane];
    if (this.waiting[lane] >= places) return DROP['handshake-queue-full'];
    this.waiting[lane]++;
    this.lanes[this.given++ % RING] = lane;
    this.exits.handOn(message.slice(), refOf(arrival));
    return HANDSHAKE_TAKEN;
  }

  /** Works out how many friends may wait, from what was taken since the last time. */
  private countPlaces(): void {
    const rate = (this.settled - this.counted) / Math.max(1, this.busyUs);
    this.friendPlaces = Math.max(
      PLACES[LANE.FRIENDS],
      Math.min(MOST_FRIENDS, Math.round(rate * PATIENCE_US)),
    );
    this.busyUs = 0;
    this.counted = this.settled;
  }

  /** Frees the places of what the control thread has taken since; it takes messages in order. */
  private settle(): void {
    const taken = Math.min(this.exits.taken(), this.given);
    for (; this.settled < taken; this.settled++) {
      const place = this.settled % RING;
      this.waiting[this.lanes[place]]--;
      if (this.origins[place] === UNPROVED) continue;
      this.proved.delete(this.origins[place]);
      this.origins[place] = UNPROVED;
    }
  }
}

/** How many initiations come, and what that asks for. */
class Load {
  private windowStart = Number.NEGATIVE_INFINITY;
  private initiations = 0;
  private cookies = 0;
  private proofs = 0;
  private until = Number.NEGATIVE_INFINITY;

  /** Counts an initiation while `waiting` wait; whether its sender must prove its address. */
  add(waiting: number, now: number): boolean {
    if (now - this.windowStart > WINDOW_US) {
      this.windowStart = now;
      this.initiations = 0;
      this.cookies = 0;
      this.proofs = 0;
    }
    this.initiations++;
    if (waiting > LOAD_WAITING || this.initiations > UNPROVED_PER_SECOND) this.until = now + LOAD_LASTS_US;
    return now < this.until;
  }

  mayCheckProof(): boolean {
    return ++this.proofs <= PROOFS_PER_SECOND;
  }

  mayGiveCookie(): boolean {
    return ++this.cookies <= COOKIES_PER_SECOND;
  }
}

function refOf({ socket, words, at }: Arrival): PathRef {
  const copy: number[] = [];
  for (let word = 0; word < PATH.WORDS; word++) copy.push(words[at + word]);
  return { socket, words: copy };
}

/** Where a datagram came from, as views of its path. */
function originOf({ words, at }: Arrival): Origin {
  const bytes = words[at + PATH.FAMILY] === 4 ? 4 : 16;
  const address = new Uint8Array(words.buffer, words.byteOffset + (at + PATH.ADDR) * 4, bytes);
  return { address, port: words[at + PATH.PORT] };
}
