/**
 * The remote ends of our links, as configured and as learned. What comes from there is not proved to be a peer's, but
 * strangers who do not know these addresses cannot send from them. Kept by looking at the commands and events that pass
 * through the worker.
 */
import type { DatapathCommand } from '../contract/commands.js';
import type { DatapathEvent } from '../contract/events.js';
import { PATH } from '../native/ops.js';
import { MAX_LINKS } from '../wire/header.js';
import { RELAY_FAMILY } from '../wire/overhead.js';

type Key = number | string;

interface Ends {
  configured: Key | null;
  learned: Key | null;
}

export class KnownPaths {
  private readonly byLink = new Map<number, Ends>();
  /** How many links have each remote end. */
  private readonly links = new Map<Key, number>();

  /** Whether some link has the remote end of the path in `words` from `at`. */
  has(words: ArrayLike<number>, at: number): boolean {
    const key = keyOf(words, at);
    return key !== null && this.links.has(key);
  }

  command(command: DatapathCommand): void {
    if (command.kind === 'link') {
      const ends = this.endsOf(command.peer, command.id);
      const configured = keyOf(command.settings.path, 0);
      if (configured === ends.configured) return;
      this.count(ends.configured, -1);
      this.count(configured, 1);
      ends.configured = configured;
    } else if (command.kind === 'link-remove') {
      this.remove(command.peer, command.id);
    } else if (command.kind === 'peer-remove') {
      for (let id = 0; id < MAX_LINKS; id++) this.remove(command.row, id);
    }
  }

  event(event: DatapathEvent): void {
    if (event.kind !== 'roamed') return;
    const ends = this.endsOf(event.peer, event.link);
    this.count(ends.learned, -1);
    ends.learned = keyOf(event.path.words, 0);
    this.count(ends.learned, 1);
  }

  private endsOf(peer: number, link: number): Ends {
    const row = peer * MAX_LINKS + link;
    const known = this.byLink.get(row);
    if (known !== undefined) return known;
    const ends = { configured: null, learned: null };
    this.byLink.set(row, ends);
    return ends;
  }

  private remove(peer: number, link: number): void {
    const row = peer * MAX_LINKS + link;
    const ends = this.byLink.get(row);
    if (ends === undefined) return;
    this.count(ends.configured, -1);
    this.count(ends.learned, -1);
    this.byLink.delete(row);
  }

  private count(key: Key | null, by: number): void {
    if (key === null) return;
    const count = (this.links.get(key) ?? 0) + by;
    if (count > 0) this.links.set(key, count);
    else this.links.delete(key);
  }
}

/** Of the remote end; null when there is none or it is a peer. */
function keyOf(words: ArrayLike<number>, at: number): Key | null {
  const family = words[at + PATH.FAMILY];
  if (family === 0 || family === RELAY_FAMILY) return null;
  const first = words[at + PATH.ADDR] >>> 0;
  const port = words[at + PATH.PORT];
  if (family === 4) return first * 0x1_0000 + port;
  return `${first}/${words[at + PATH.ADDR + 1]}/${words[at + PATH.ADDR + 2]}/${words[at + PATH.ADDR + 3]}/${port}`;
}
