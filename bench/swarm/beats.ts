/** What clients say under their sessions beside frames: heartbeats, answers to path checks and to probes of the MTU. */
import { readU32 } from '../../src/base/bytes.js';
import { KIND } from '../../src/wire/header.js';
import { HEARS_YOU, HEARTBEAT, NO_ECHO } from '../../src/wire/heartbeat.js';
import { MTU_PROBE } from '../../src/wire/mtu-probe.js';
import { NOTICE, NOTICE_CODE } from '../../src/wire/notice.js';
import { PATH_CHECK } from '../../src/wire/path-check.js';
import { type Crowd, STATE } from './crowd.js';
import type { Post } from './post.js';

const TWO_TO_32 = 2 ** 32;
/** The hold time, in intervals. */
export const HOLD_BEATS = 3;

export class Beats {
  in = 0;
  out = 0;

  constructor(
    private readonly crowd: Crowd,
    private readonly intervalMs: number,
  ) {}

  /** Sends a heartbeat of a client. */
  beat(post: Post, client: number, now: number): void {
    const { crowd } = this;
    const { view, arena } = post;
    const hold = HOLD_BEATS * this.intervalMs;
    const body = post.open(HEARTBEAT.BYTES);
    const isHeard = now - crowd.heardAt[client] < hold * 1000;
    arena[body] = KIND.HEARTBEAT;
    arena[body + HEARTBEAT.FLAGS] = isHeard ? HEARS_YOU : 0;
    view.setUint16(body + HEARTBEAT.INTERVAL_MS, this.intervalMs);
    view.setUint16(body + HEARTBEAT.HOLD_MS, Math.min(hold, 0xffff));
    view.setUint32(body + HEARTBEAT.SENT_AT, now % TWO_TO_32);
    view.setUint32(body + HEARTBEAT.ECHO, crowd.echo[client]);
    view.setUint32(body + HEARTBEAT.ECHO_DELAY, isHeard ? now - crowd.echoAt[client] : NO_ECHO);
    view.setUint32(body + HEARTBEAT.SENT, crowd.sent[client] + 1);
    view.setUint32(body + HEARTBEAT.ARRIVED, crowd.arrivedAtEcho[client]);
    view.setBigUint64(body + HEARTBEAT.ACKNOWLEDGED, BigInt(crowd.highest[crowd.sending(client)] + 1));
    view.setUint32(body + HEARTBEAT.ECHO_SENT, crowd.echoSent[client]);
    view.setBigUint64(body + HEARTBEAT.DELIVERED, BigInt(crowd.bytesAtEcho[client]));
    view.setUint16(body + HEARTBEAT.LARGEST, crowd.largest[client]);
    crowd.largest[client] = 0;
    post.say(client, HEARTBEAT.BYTES);
    this.out++;
  }

  /** Takes a heartbeat of the server; true when the client has just come up by it. */
  heard(post: Post, client: number, body: number, now: number): boolean {
    const { crowd } = this;
    const { arena } = post;
    this.in++;
    const isFirst = crowd.heardAt[client] === 0;
    crowd.heardAt[client] = now;
    crowd.echo[client] = readU32(arena, body + HEARTBEAT.SENT_AT);
    crowd.echoAt[client] = now;
    crowd.echoSent[client] = readU32(arena, body + HEARTBEAT.SENT);
    crowd.arrivedAtEcho[client] = crowd.arrived[client];
    crowd.bytesAtEcho[client] = crowd.bytes[client];
    if (isFirst) this.beat(post, client, now);
    if (crowd.state[client] !== STATE.SESSION) return false;
    return (arena[body + HEARTBEAT.FLAGS] & HEARS_YOU) !== 0;
  }

  /** Answers a path check. */
  answerPath(post: Post, client: number, check: number): void {
    const token = post.arena.slice(check, check + PATH_CHECK.BYTES);
    token[0] = KIND.PATH_ANSWER;
    post.arena.set(token, post.open(PATH_CHECK.BYTES));
    post.say(client, PATH_CHECK.BYTES);
  }

  /** Answers a probe. */
  answerProbe(post: Post, client: number, probe: number): void {
    if (post.arena[probe + MTU_PROBE.REPLY] !== 0) return;
    const answer = post.arena.slice(probe, probe + MTU_PROBE.BYTES);
    answer[MTU_PROBE.REPLY] = 1;
    post.arena.set(answer, post.open(MTU_PROBE.BYTES));
    post.say(client, MTU_PROBE.BYTES);
  }

  /** Tells the server that a client leaves. */
  goodbye(post: Post, client: number): void {
    const body = post.open(NOTICE.BYTES);
    post.arena[body] = KIND.NOTICE;
    post.arena[body + NOTICE.CODE] = NOTICE_CODE.GOODBYE;
    post.say(client, NOTICE.BYTES);
  }
}
