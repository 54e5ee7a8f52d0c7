/** Plays the clients of one process: takes what comes, and lets each do what is due. */
import { KIND } from '../../src/wire/header.js';
import { NOTICE, NOTICE_CODE } from '../../src/wire/notice.js';
import { Beats, HOLD_BEATS } from './beats.js';
import { Calls, renewalOf } from './calls.js';
import { Crowd, STATE } from './crowd.js';
import { type Delays, Frames } from './frames.js';
import { ClientKeys } from './keys.js';
import { Post } from './post.js';

/** What a process plays, as JSON. */
export interface Part {
  first: number;
  clients: number;
  keyFile: string;
  /** Base64. */
  serverKey: string;
  serverPort: number;
  intervalMs: number;
  atOnce: number;
}

/** What a process says of itself. Counts since its start. */
export interface PlayerStatus {
  up: number;
  calling: number;
  waiting: number;
  handshakes: number;
  calls: number;
  retries: number;
  cookies: number;
  refused: number;
  beatsIn: number;
  beatsOut: number;
  datagramsIn: number;
  datagramsOut: number;
  loadIn: number;
  loadLost: number;
  broadcastIn: number;
  /** µs of boot time. */
  broadcastAtUs: number;
  /** Clients that the server has not been heard by since they moved. */
  unheard: number;
  delays: Delays;
  processorMs: number;
}

/** How often all clients are looked at for what is due. */
const LOOK_US = 20_000;
/** A client that is not up yet beats so often. */
const ANXIOUS_US = 1_000_000;
const LONGEST_WAIT_US = 2_000;
const BATCHES = 16;

export class Player {
  private readonly crowd: Crowd;
  private readonly calls: Calls;
  private readonly beats: Beats;
  private readonly frames: Frames;
  private readonly post: Post;
  private readonly epoll: number;
  private readonly tokens = new Int32Array(4);
  private readonly intervalUs: number;
  private readonly serverPort: number;
  private now: number;
  private lookAt = 0;
  private movedAt = 0;

  constructor(part: Part) {
    const { first, clients, intervalMs } = part;
    this.crowd = new Crowd(first, clients);
    const keys = ClientKeys.read(part.keyFile);
    const serverKey = Buffer.from(part.serverKey, 'base64');
    this.calls = new Calls(this.crowd, keys, serverKey, part.atOnce, (client, now) =>
      this.established(client, now),
    );
    this.beats = new Beats(this.crowd, intervalMs);
    this.frames = new Frames(this.crowd);
    this.intervalUs = intervalMs * 1000;
    this.serverPort = part.serverPort;
    this.post = new Post(
      this.crowd,
      {
        handshake: (client, offset, length) =>
          this.calls.heard(this.post, client, this.post.arena.slice(offset, offset + length), this.now),
        message: (client, body, length) => this.heard(client, body, length),
      },
      this.serverPort,
    );
    this.now = this.post.native.now();
    this.epoll = this.post.native.epollCreate();
    this.post.native.epollAdd(this.epoll, this.post.fd, 0);
  }

  get status(): PlayerStatus {
    const { crowd, calls, beats, frames, post } = this;
    const { user, system } = process.cpuUsage();
    let unheard = 0;
    for (let client = 0; client < crowd.size; client++) {
      if (crowd.state[client] === STATE.UP && crowd.heardAt[client] < this.movedAt) unheard++;
    }
    return {
      up: crowd.count[STATE.UP],
      calling: crowd.count[STATE.CALLING],
      waiting: crowd.count[STATE.WAITING],
      handshakes: calls.handshakes,
      calls: calls.calls,
      retries: calls.retries,
      cookies: calls.cookies,
      refused: calls.refused,
      beatsIn: beats.in,
      beatsOut: beats.out,
      datagramsIn: post.datagramsIn,
      datagramsOut: post.datagramsOut,
      loadIn: frames.loadIn,
      loadLost: frames.lost,
      broadcastIn: frames.broadcastIn,
      broadcastAtUs: frames.broadcastAt,
      unheard,
      delays: frames.delays,
      processorMs: (user + system) / 1000,
    };
  }

  // --- orders ---------------------------------------------------------------------------------------

  /** Lets the first `count` clients that are stopped call the server. */
  join(count: number): void {
    let left = count;
    for (let client = 0; client < this.crowd.size && left > 0; client++) {
      if (this.crowd.state[client] !== STATE.STOPPED) continue;
      this.crowd.move(client, STATE.WAITING);
      left--;
    }
  }

  /** Lets every `every`-th client from `offset` on leave and come back. */
  churn(every: number, offset: number): void {
    for (let client = offset; client < this.crowd.size; client += every) {
      if (this.crowd.state[client] === STATE.UP) this.beats.goodbye(this.post, client);
      this.post.flush();
      this.callAnew(client);
    }
  }

  /** Moves every `every`-th client to an address of another network. */
  roam(every: number, network: number): void {
    this.movedAt = this.post.native.now();
    for (let client = 0; client < this.crowd.size; client += every) {
      this.post.place(client, network);
      this.crowd.dueAt[client] = this.movedAt;
    }
  }

  broadcast(): number {
    const sentAt = this.post.native.now();
    this.frames.broadcast(this.post);
    this.post.flush();
    return sentAt;
  }

  setLoad(on: boolean): void {
    this.frames.introduce(this.post);
    this.frames.setLoad(this.post, on);
  }

  setProbing(on: boolean): void {
    this.frames.introduce(this.post);
    this.frames.setProbing(on);
  }

  // --- turns ----------------------------------------------------------------------------------------

  /** Waits for something to do, at most a short while, and does it. */
  turn(): void {
    const { native } = this.post;
    const patience = this.frames.turn(this.post, native.now());
    this.post.flush();
    const wait = Math.max(0, Math.min(LONGEST_WAIT_US, patience));
    native.wait(this.epoll, wait, 0, this.tokens);
    this.now = native.now();
    this.frames.waited(wait, this.now);
    for (let batch = 0; batch < BATCHES && this.post.receive(); batch++) {
      this.now = native.now();
      this.frames.waited(0, this.now);
    }
    this.calls.admit(this.post, this.now);
    if (this.now >= this.lookAt) {
      this.lookAt = this.now + LOOK_US;
      this.look();
    }
    this.post.flush();
  }

  /** Lets each client do what is due. */
  private look(): void {
    const { crowd, now } = this;
    for (let client = 0; client < crowd.size; client++) {
      if (crowd.dueAt[client] > now) continue;
      const state = crowd.state[client];
      if (state === STATE.CALLING) this.calls.again(this.post, client, now);
      else if (state === STATE.SESSION || state === STATE.UP) this.live(client, now);
      else crowd.dueAt[client] = Number.POSITIVE_INFINITY;
    }
  }

  /** A client beats, renews its session, or notices that the server is gone. */
  private live(client: number, now: number): void {
    const { crowd } = this;
    const lastHeard = Math.max(crowd.heardAt[client], crowd.establishedAt[client]);
    if (now - lastHeard > HOLD_BEATS * this.intervalUs) return this.callAnew(client);
    if (now >= renewalOf(crowd.establishedAt[client], client)) this.calls.call(this.post, client, now);
    this.beats.beat(this.post, client, now);
    const wait = crowd.state[client] === STATE.UP ? this.intervalUs : Math.min(ANXIOUS_US, this.intervalUs);
    crowd.dueAt[client] = now + wait;
  }

  private established(client: number, now: number): void {
    this.beats.beat(this.post, client, now);
    if (this.crowd.state[client] === STATE.SESSION)
      this.crowd.dueAt[client] = now + Math.min(ANXIOUS_US, this.intervalUs);
  }

  private callAnew(client: number): void {
    const { crowd } = this;
    if (crowd.state[client] === STATE.STOPPED) return;
    crowd.forget(client);
    crowd.move(client, STATE.WAITING);
  }

  // --- messages -------------------------------------------------------------------------------------

  private heard(client: number, body: number, length: number): void {
    const { post, now } = this;
    switch (post.arena[body]) {
      case KIND.HEARTBEAT:
        if (this.beats.heard(post, client, body, now)) this.cameUp(client, now);
        return;
      case KIND.PATH_CHECK:
        return this.beats.answerPath(post, client, body);
      case KIND.MTU_PROBE:
        return this.beats.answerProbe(post, client, body);
      case KIND.BUNDLE:
        return this.frames.heard(post, body, length, now);
      case KIND.NOTICE:
        if (post.arena[body + NOTICE.CODE] === NOTICE_CODE.GOODBYE) this.callAnew(client);
        return;
      default:
    }
  }

  /** From now on it beats at its own time of the interval. */
  private cameUp(client: number, now: number): void {
    this.crowd.move(client, STATE.UP);
    this.crowd.dueAt[client] = now + this.intervalUs * Math.random();
  }
}
