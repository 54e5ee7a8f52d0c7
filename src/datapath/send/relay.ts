/**
 * Links through a third host. A relayed link's path is another peer: its datagrams, sealed for the far end, travel
 * as payload of RELAY messages sealed for the relaying peer, which hands them on as RELAYED messages. The relay
 * sees sizes and times, never contents.
 *
 * A path through a relay stands in the words of `PATH` as family `RELAY_FAMILY`, with the row of the relaying peer
 * and the name of the far end where an address would be. What has been relayed once is never relayed again.
 */

import { DROP } from '../../contract/drops.js';
import { PATH, RECV } from '../../contract/ops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { type Arena, PREFIX_BYTES } from '../../state/arena.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable } from '../../state/peers.js';
import { Plaintext, SealedRun } from '../../state/run.js';
import { NO_SESSION } from '../../state/sessions.js';
import { KIND } from '../../wire/header.js';
import { RELAY_FAMILY } from '../../wire/overhead.js';
import { RELAY } from '../../wire/relay.js';
import type { Sealer } from './seal.js';
import type { Transmitter } from './transmit.js';

/** The socket row that relayed paths name; no real socket has it. */
export const RELAY_SOCKET = 255;

/** Words of a relayed path: the relaying peer's row and the far end's name. */
const PEER = PATH.ADDR;
const NAME_HIGH = PATH.ADDR + 1;
const NAME_LOW = PATH.ADDR + 2;
/** Relayed datagrams taken from one batch. */
const ROWS = 1024;

export class Relay {
  /** Whether this host hands on datagrams between its peers. */
  allowed = true;
  /** Messages that arrived through relays, as rows of `RECV`, and their sockets (all `RELAY_SOCKET`). */
  readonly rows = new Int32Array(ROWS * RECV.WORDS);
  readonly sockets = new Int32Array(ROWS).fill(RELAY_SOCKET);
  count = 0;
  private prefixRow = 0;
  private readonly plaintext = new Plaintext();
  private readonly run = new SealedRun();

  constructor(
    private readonly arena: Arena,
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly sealer: Sealer,
    private readonly transmit: Transmitter,
    private readonly stats: SharedStats,
  ) {}

  /** Sends datagrams (sealed already, in the arena) by a relayed link. */
  send(link: number, offset: number, length: number, segment: number, now: number): void {
    const base = link * PATH.WORDS;
    this.sendByPath(this.links.paths, base, offset, length, segment, now);
  }

  /** Sends datagrams by the relayed path in `words` at `at`. */
  sendByPath(
    words: Int32Array,
    at: number,
    offset: number,
    length: number,
    segment: number,
    now: number,
  ): void {
    const prefix = this.prefix(KIND.RELAY, words[at + NAME_HIGH], words[at + NAME_LOW]);
    this.wrap(words[at + PEER], prefix, offset, length, segment, now);
  }

  /** Hands on what `from` wants relayed: the RELAY message at `body`. */
  forward(from: number, body: number, end: number, now: number): void {
    const view = this.arena.view;
    const to = this.peers.named(view.getUint16(body + RELAY.NAME), view.getUint32(body + RELAY.NAME + 2));
    if (!this.allowed || to < 0 || to === from) return this.drop(DROP['relay-refused']);
    const name = this.peers.name[from];
    const prefix = this.prefix(KIND.RELAYED, Math.floor(name / 2 ** 32), name % 2 ** 32);
    const payload = body + RELAY.BYTES;
    this.stats.interface[INTERFACE.relayedDatagrams]++;
    this.wrap(to, prefix, payload, end - payload, end - payload, now);
  }

  /** Notes what came through the relay `by`: the RELAYED message at `body`. Taken up when the batch is done. */
  arrived(by: number, body: number, end: number): void {
    if (this.count === ROWS) return this.drop(DROP['relay-refused']);
    const view = this.arena.view;
    const at = this.count++ * RECV.WORDS;
    const payload = body + RELAY.BYTES;
    this.rows[at + RECV.OFFSET] = payload;
    this.rows[at + RECV.LENGTH] = end - payload;
    this.rows[at + RECV.SEGMENT] = end - payload;
    const path = at + RECV.PATH;
    this.rows.fill(0, path, path + PATH.WORDS);
    this.rows[path + PATH.FAMILY] = RELAY_FAMILY;
    this.rows[path + PEER] = by;
    this.rows[path + NAME_HIGH] = view.getUint16(body + RELAY.NAME);
    this.rows[path + NAME_LOW] = view.getUint32(body + RELAY.NAME + 2);
  }

  /** Seals datagrams once more, for the peer that hands them on or takes them. */
  private wrap(
    peer: number,
    prefix: number,
    offset: number,
    length: number,
    segment: number,
    now: number,
  ): void {
    const by = this.peers.has(peer) ? this.peers.activeLink[peer] : NO_LINK;
    const slot = by < 0 ? NO_SESSION : this.peers.session[peer];
    if (slot < 0 || this.links.isRelayed(by)) return this.drop(DROP['no-usable-link']);
    this.plaintext.set(prefix, RELAY.BYTES, -1, offset, length, segment);
    if (this.sealer.seal(slot, this.links.id[by], this.plaintext, this.run)) {
      this.transmit.send(by, this.run, now);
    }
  }

  private prefix(kind: number, nameHigh: number, nameLow: number): number {
    this.prefixRow = (this.prefixRow + 1) % this.arena.relayPrefixRows;
    const at = this.arena.relayPrefixBase + this.prefixRow * PREFIX_BYTES;
    this.arena.bytes[at] = kind;
    this.arena.bytes[at + 1] = 0;
    this.arena.view.setUint16(at + RELAY.NAME, nameHigh);
    this.arena.view.setUint32(at + RELAY.NAME + 2, nameLow);
    return at;
  }

  private drop(reason: number): void {
    this.stats.drops[reason]++;
  }
}
