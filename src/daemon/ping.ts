/** `ping peer`: echo requests through a link, answered by the peer's datapath. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PingParams, PingResult } from '../api/index.js';
import type { PeerEntry } from './interfaces/peer-entries.js';
import type { InterfaceRuntime } from './interfaces/runtime.js';

const ANSWER_TIMEOUT_MS = 1000;

export class Ping {
  constructor(
    private readonly runtime: InterfaceRuntime,
    private readonly peer: PeerEntry,
    private readonly params: PingParams,
  ) {}

  async run(signal: AbortSignal): Promise<PingResult> {
    const probes: Promise<PingResult['probes'][number]>[] = [];
    for (let sequence = 1; sequence <= this.params.count && !signal.aborted; sequence++) {
      probes.push(this.probe(sequence, signal));
      if (sequence === this.params.count) break;
      await sleep(this.params.intervalMs, undefined, { signal }).catch(() => {});
    }
    return this.summary(await Promise.all(probes));
  }

  private async probe(sequence: number, signal: AbortSignal): Promise<PingResult['probes'][number]> {
    const link = this.params.link ?? null;
    const { size } = this.params;
    const request = { peer: this.peer.row, link, sequence, size, timeoutMs: ANSWER_TIMEOUT_MS };
    const reply = await this.runtime.echoes.ask(request, signal);
    return { sequence, link: reply?.link ?? link, rttUs: reply?.rttUs ?? null };
  }

  private summary(probes: PingResult['probes']): PingResult {
    const times = probes.flatMap((probe) => (probe.rttUs === null ? [] : [probe.rttUs]));
    const known = times.length > 0;
    return {
      peer: this.peer.config.name,
      interface: this.runtime.name,
      probes,
      sent: probes.length,
      received: times.length,
      rttMinUs: known ? Math.min(...times) : null,
      rttMeanUs: known ? Math.round(times.reduce((sum, time) => sum + time, 0) / times.length) : null,
      rttMaxUs: known ? Math.max(...times) : null,
    };
  }
}
