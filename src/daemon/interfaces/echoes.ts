/** Echo requests through links, and those who wait for the answers. */
import type { DatapathEvent } from '../../contract/events.js';
import { patience } from '../base/patience.js';
import { formatPath } from './addresses.js';
import type { Datapath } from './datapath.js';

interface EchoReply {
  /** The link that the answer came by; null when its path belongs to no link. */
  link: number | null;
  rttUs: number;
  /** `address:port` from which the peer got the request; null: it does not say. */
  seenAs: string | null;
  /** Version of the peer; null: it does not say. */
  version: string | null;
}

interface EchoRequest {
  /** Row of the peer. */
  peer: number;
  /** Null: the link that data would take. */
  link: number | null;
  sequence: number;
  /** Bytes of padding. */
  size: number;
  timeoutMs: number;
}

const IDS = 0x1_0000;

export class Echoes {
  private readonly waiting = new Map<string, (reply: EchoReply) => void>();
  private nextId = 1;

  constructor(private readonly datapath: Datapath) {}

  /** Sends one echo request; null when no answer came in time or `signal` aborted. */
  async ask(request: EchoRequest, signal: AbortSignal): Promise<EchoReply | null> {
    const { peer, link, sequence, size, timeoutMs } = request;
    const id = this.nextId;
    this.nextId = (this.nextId + 1) % IDS;
    const key = `${id}/${sequence}`;
    return new Promise((resolve) => {
      const time = patience(timeoutMs);
      const finish = (reply: EchoReply | null): void => {
        time.end();
        signal.removeEventListener('abort', giveUp);
        this.waiting.delete(key);
        resolve(reply);
      };
      const giveUp = (): void => finish(null);
      time.signal.addEventListener('abort', giveUp);
      signal.addEventListener('abort', giveUp);
      this.waiting.set(key, finish);
      this.datapath.send({ kind: 'echo', peer, link: link ?? -1, id, sequence, size });
    });
  }

  /** Handles an answer that the datapath reports; one that nobody waits for is ignored. */
  answered(event: Extract<DatapathEvent, { kind: 'echo' }>): void {
    const link = event.link < 0 ? null : event.link;
    const { seen, version, rttUs } = event;
    this.waiting.get(`${event.id}/${event.sequence}`)?.({
      link,
      rttUs,
      seenAs: seen === null ? null : formatPath(seen),
      version: version?.join('.') ?? null,
    });
  }
}
