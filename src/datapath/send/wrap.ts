/**
 * Datagrams as payload of RELAY and RELAYED messages: sealed once more, for the peer that hands them on or takes them.
 *
 * A path through a relay stands in the words of `PATH` as family `RELAY_FAMILY`, with the row of the relaying peer
 * and the name of the far end where an address would be.
 */
import { DROP } from '../../contract/drops.js';
import { PATH } from '../../native/ops.js';
import { type Arena, PREFIX_BYTES } from '../../state/arena.js';
import type { Drops } from '../../state/drops.js';
import { NO_LINK } from '../../state/peers.js';
import { Plaintext, SealedRun } from '../../state/run.js';
import { NO_SESSION } from '../../state/sessions.js';
import type { Tables } from '../../state/tables.js';
import { KIND } from '../../wire/header.js';
import { RELAY } from '../../wire/relay.js';
import type { Sealer } from './seal.js';

/** Words of a relayed path: the relaying peer's row and the far end's name. */
export const RELAY_PATH = { PEER: PATH.ADDR, NAME_HIGH: PATH.ADDR + 1, NAME_LOW: PATH.ADDR + 2 } as const;

const U32 = 0x1_0000_0000;

export class Wrapper {
  /** What was wrapped last. */
  readonly run = new SealedRun();
  private readonly plaintext = new Plaintext();
  private prefixRow = 0;

  constructor(
    private readonly arena: Arena,
    private readonly tables: Tables,
    private readonly sealer: Sealer,
    private readonly drops: Drops,
  ) {}

  /**
   * Wraps datagrams for the far end of a relayed path, whose words are in `words` at `at`. Returns the row of the link that
   * `run` is to go by, or -1 when they were dropped.
   */
  wrapByPath(words: Int32Array, at: number, datagrams: SealedRun): number {
    const name = words[at + RELAY_PATH.NAME_HIGH] * U32 + (words[at + RELAY_PATH.NAME_LOW] >>> 0);
    return this.wrap(words[at + RELAY_PATH.PEER], KIND.RELAY, name, datagrams);
  }

  /** Wraps datagrams as messages of `kind` to a peer, with the name of a third one. Returns as `wrapByPath` does. */
  wrap(peer: number, kind: number, name: number, datagrams: SealedRun): number {
    const { peers, links } = this.tables;
    const by = peers.has(peer) ? peers.activeLink[peer] : NO_LINK;
    const slot = by < 0 ? NO_SESSION : peers.session[peer];
    if (slot < 0 || links.isRelayed(by)) {
      this.drops.sent(DROP['no-usable-link'], datagrams, NO_LINK, 1);
      return NO_LINK;
    }
    const { offset, length, segment } = datagrams;
    this.plaintext.set(this.prefix(kind, name), RELAY.BYTES, -1, offset, length, segment);
    return this.sealer.seal(slot, links.id[by], this.plaintext, this.run) ? by : NO_LINK;
  }

  private prefix(kind: number, name: number): number {
    this.prefixRow = (this.prefixRow + 1) % this.arena.relayPrefixRows;
    const at = this.arena.relayPrefixBase + this.prefixRow * PREFIX_BYTES;
    this.arena.bytes[at] = kind;
    this.arena.bytes[at + 1] = 0;
    this.arena.view.setUint16(at + RELAY.NAME, Math.floor(name / U32));
    this.arena.view.setUint32(at + RELAY.NAME + 2, name % U32);
    return at;
  }
}
