/** Cookie replies gathered while a batch is received, then sent by one call. */

import { COOKIE_REPLY_BYTES } from '../crypto/handshake-messages.js';
import type { Native } from '../native/binding.js';
import { PATH, SEND } from '../native/ops.js';
import type { AnswerMarks } from './answer-marks.js';
import type { Arrival } from './handshake-gate.js';

const ROOM = 128;

export class CookieReplies {
  private readonly bytes = new Uint8Array(ROOM * COOKIE_REPLY_BYTES);
  private readonly sends = new Int32Array(ROOM * SEND.WORDS);
  private readonly paths = new Int32Array(ROOM * PATH.WORDS);
  private count = 0;

  constructor(
    private readonly native: Native,
    private readonly marks: AnswerMarks,
  ) {}

  /** Queues a reply for the socket with descriptor `fd`. */
  add(reply: Uint8Array, fd: number, { socket, words, at }: Arrival): void {
    if (this.count === ROOM) this.flush();
    const row = this.count++;
    this.bytes.set(reply, row * COOKIE_REPLY_BYTES);
    const path = row * PATH.WORDS;
    for (let word = 0; word < PATH.WORDS; word++) this.paths[path + word] = words[at + word];
    this.marks.mark(this.paths, path, socket);
    const send = row * SEND.WORDS;
    this.sends[send + SEND.FD] = fd;
    this.sends[send + SEND.OFFSET] = row * COOKIE_REPLY_BYTES;
    this.sends[send + SEND.LENGTH] = COOKIE_REPLY_BYTES;
    this.sends[send + SEND.SEGMENT] = COOKIE_REPLY_BYTES;
    this.sends[send + SEND.PATH] = row;
  }

  flush(): void {
    if (this.count === 0) return;
    this.native.udpSend(this.bytes, this.sends, this.count, this.paths);
    this.count = 0;
  }
}
