/** Runs traces: while one lasts, what routers answer by ICMP to the datagrams of a link's sockets is taken. */
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorMap } from 'node:util';
import type { TraceResult } from '../../api/index.js';
import type { DatapathEvent, TraceAnswer } from '../../contract/events.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import type { Native } from '../../native/binding.js';
import { patience } from '../base/patience.js';
import { RequestError } from '../base/request-errors.js';
import { formatAddress, formatPath, pathAddressBytes } from './addresses.js';
import type { Datapath } from './datapath.js';
import { unreachableReason } from './icmp-words.js';
import { type LinkEntry, type PeerEntry, pathOf } from './peer-entries.js';
import { PathTrace, type ProbeAnswer } from './trace-path.js';

/** Routers answer at their leisure. */
const PATIENCE_MS = 1000;
/** Between two probes, for those who limit how often they answer. */
const PAUSE_MS = 10;
/** Gets through anywhere, in bytes. */
const SMALL_BYTES = 128;
/** Larger packets than this say nothing about paths: only devices that lead nowhere take them. */
const MOST_BYTES = 9216;
const IDS = 0x1_0000;
const ENOTCONN = -107;
interface TracedLink {
  runtime: { name: string };
  peer: PeerEntry;
  link: LinkEntry;
}

export class Traces {
  private isBusy = false;
  private id = 0;
  private answer: ((answer: TraceAnswer) => void) | null = null;

  constructor(
    private readonly datapath: Datapath,
    private readonly native: Pick<Native, 'deviceMtu'>,
  ) {}

  /** Follows the way of a link for up to so many hops. @throws RequestError when it has none that could be followed */
  async run({ runtime, peer, link }: TracedLink, hops: number, signal: AbortSignal): Promise<TraceResult> {
    const { remote } = link.config;
    if (remote?.kind === 'via') {
      throw new RequestError(
        `link ${link.config.id} goes through ${remote.peer}: trace the links to that peer`,
      );
    }
    if (this.isBusy) throw new RequestError(`a trace is running on ${runtime.name} already`);
    this.isBusy = true;
    const rows = link.sockets.flatMap((socket) => (socket === null ? [] : [socket.row]));
    const listen = (on: boolean) => {
      for (const row of rows) this.datapath.send({ kind: 'socket-errors', row, on });
    };
    listen(true);
    try {
      const known = this.datapath.stats.links[link.row * LINK_WIDTH + LINK.mtu] || SMALL_BYTES;
      const first = Math.min(MOST_BYTES, Math.max(this.firstDeviceTakes(link), known));
      const place = { peer: peer.row, link: link.config.id };
      const trace = new PathTrace((limit, size) => this.probe({ ...place, hops: limit, size }, signal), {
        first,
        known,
        small: SMALL_BYTES,
      });
      await trace.run(hops, () => !signal.aborted);
      return {
        interface: runtime.name,
        peer: peer.config.name,
        link: link.config.id,
        remote: formatPath(pathOf(link)),
        packetBytes: first,
        hops: trace.hops.map((hop) => ({
          ...hop,
          address: hop.isPeer ? addressOf(pathOf(link)) : hop.address,
        })),
        mtu: trace.size,
        rttUs: trace.rttUs,
        problem: trace.problem,
      };
    } finally {
      listen(false);
      this.isBusy = false;
    }
  }

  /**
   * In bytes. What the kernel remembers of the path would hide who makes it narrow; it says no more where the device is
   * unknown.
   */
  private firstDeviceTakes({ routeDevice, routeMtu }: LinkEntry): number {
    return (routeDevice && this.native.deviceMtu(routeDevice)) || (routeMtu ?? 0);
  }

  /** What came of a probe; of an earlier one it is ignored. */
  answered({ id, ...answer }: Extract<DatapathEvent, { kind: 'trace' }>): void {
    if (id === this.id) this.answer?.(answer);
  }

  private async probe(
    { hops, size, ...place }: { peer: number; link: number; hops: number; size: number },
    signal: AbortSignal,
  ): Promise<ProbeAnswer | null> {
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return null;
    this.id = (this.id + 1) % IDS;
    const answer = await new Promise<TraceAnswer | null>((resolve) => {
      const time = patience(PATIENCE_MS);
      const end = (result: TraceAnswer | null): void => {
        time.end();
        signal.removeEventListener('abort', giveUp);
        this.answer = null;
        resolve(result);
      };
      const giveUp = (): void => end(null);
      time.signal.addEventListener('abort', giveUp);
      signal.addEventListener('abort', giveUp);
      this.answer = end;
      this.datapath.send({ kind: 'trace', ...place, id: this.id, size, hops });
    });
    return answer === null ? null : inWords(answer);
  }
}

function inWords({ what, from, mtu, code, rttUs }: TraceAnswer): ProbeAnswer {
  const reason =
    what === 'unreachable' ? unreachableReason(from, code) : what === 'refused' ? refused(code) : '';
  return { what, from: from === null ? null : addressOf(from), mtu, reason, rttUs };
}

/** Null where there is none. */
function addressOf(words: readonly number[]): string | null {
  return words[0] === 0 ? null : formatAddress(pathAddressBytes(words));
}

function refused(code: number): string {
  if (code === ENOTCONN)
    return 'nothing can be sent by this link: there is no session with the peer, or the link has no path';
  return `this host cannot send by this link: ${getSystemErrorMap().get(code)?.[1] ?? `error ${-code}`}`;
}
