/** What `debug` follows: handshakes and sessions of single peers, step by step, for a limited time. */
import type { DebugStatus } from '../../api/debug.js';
import type { EventLog } from '../base/event-log.js';
import type { Log } from '../base/log.js';
import { RequestError } from '../base/request-errors.js';
import type { FoundPeer } from '../interfaces/finder.js';

const MAX_PEERS = 8;
/** Lines of a peer in a second; the others are left out. */
const LINES_PER_SECOND = 20;

interface Followed {
  interface: string;
  peer: string;
  by: string;
  /** Milliseconds since the epoch. */
  untilMs: number;
  stop(): void;
}

export class Debugs {
  private readonly followed = new Map<string, Followed>();

  constructor(
    private readonly events: EventLog,
    private readonly log: Log,
  ) {}

  /** Follows a peer for so many minutes from now. Throws `RequestError` when too many are followed. */
  start({ runtime, peer }: Pick<FoundPeer, 'runtime' | 'peer'>, minutes: number, by: string): DebugStatus {
    const name = peer.config.name;
    const key = keyOf(runtime.name, name);
    this.followed.get(key)?.stop();
    if (this.followed.size >= MAX_PEERS) throw new RequestError(`${MAX_PEERS} peers are followed already`);
    let second = 0;
    let lines = 0;
    const take = (row: number, detail: string): void => {
      if (runtime.peers.atRow(row)?.config.name !== name) return;
      const now = Math.floor(Date.now() / 1000);
      lines = now === second ? lines + 1 : 1;
      second = now;
      if (lines <= LINES_PER_SECOND) this.tell(runtime.name, name, detail);
    };
    const ms = minutes * 60_000;
    const timer = setTimeout(() => this.end(key, 'its time is over'), ms);
    timer.unref();
    runtime.handshakes.on('step', take);
    this.followed.set(key, {
      interface: runtime.name,
      peer: name,
      by,
      untilMs: Date.now() + ms,
      stop: () => {
        clearTimeout(timer);
        runtime.handshakes.off('step', take);
        this.followed.delete(key);
      },
    });
    this.tell(runtime.name, name, `followed for ${minutes} min by ${by}`);
    return this.list().find((one) => keyOf(one.interface, one.peer) === key) as DebugStatus;
  }

  /** Stops following those that a filter names. */
  stop({ interface: within, peer }: { interface?: string; peer?: string }): void {
    for (const [key, one] of this.followed) {
      if ((within ?? one.interface) === one.interface && (peer ?? one.peer) === one.peer)
        this.end(key, 'stopped');
    }
  }

  list(): DebugStatus[] {
    return [...this.followed.values()].map(({ stop: _, untilMs, ...one }) => ({
      ...one,
      secondsLeft: Math.max(0, (untilMs - Date.now()) / 1000),
    }));
  }

  private end(key: string, why: string): void {
    const one = this.followed.get(key);
    if (one === undefined) return;
    one.stop();
    this.tell(one.interface, one.peer, `no longer followed: ${why}`);
  }

  private tell(within: string, peer: string, detail: string): void {
    this.log.debug({ interface: within, peer }, detail);
    this.events.tell({ kind: 'debug', interface: within, peer, detail });
  }
}

function keyOf(within: string, peer: string): string {
  return `${within}\n${peer}`;
}
