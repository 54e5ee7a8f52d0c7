/**
 * Keeps this host registered and follows what the others say. Round after round: list, watch and renew until something breaks,
 * then, after a while of random length, all of it anew. That the registry cannot be reached changes nothing but the status.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Change, Compacted, Etcd } from './etcd.js';
import { type Gateway, Refused } from './gateway.js';

const LEASE_S = 15;
const RENEWED_MS = 5000;
const TICK_MS = 1000;
/** Before the first and the longest wait for another try, on average. */
const WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** A value of this host. */
export interface Entry {
  key: string;
  value: Uint8Array;
}

export interface FollowerOptions {
  prefix: string;
  /** A way to the servers, which begins with the one of this index. Throws a sentence when a file cannot be read. */
  open(index: number): Promise<Gateway>;
  /** What this host says of itself now: the same object until that changes; null: nothing yet. */
  own(): Entry | null;
  /** What is to stand there for good, whoever takes it away. */
  lasting(): readonly Entry[];
  /** Values that came, all of them or those that changed. */
  took(values: readonly Uint8Array[]): void;
  /** The status may have changed. */
  changed(): void;
  random(): number;
  /** Milliseconds since the epoch. */
  wallClockMs(): number;
}

/** Times are milliseconds since the epoch; null: never. */
export interface FollowerStatus {
  /** `following`: the list is kept up to date. */
  state: 'connecting' | 'following';
  server: string | null;
  lease: string | null;
  /** When the whole list was taken, and when a server last answered. */
  listedMs: number | null;
  heardMs: number | null;
  /** Values in the list. */
  listed: number;
  /** How often the whole list was taken, and requests or rounds failed. */
  resyncs: number;
  failures: number;
  /** Why this host is not registered or does not follow; the last reason that there was, and when. */
  error: string | null;
  errorMs: number | null;
}

export class Follower {
  readonly status: FollowerStatus = {
    state: 'connecting',
    server: null,
    lease: null,
    listedMs: null,
    heardMs: null,
    listed: 0,
    resyncs: 0,
    failures: 0,
    error: null,
    errorMs: null,
  };
  private readonly ending = new AbortController();
  private index = 0;
  private published: Entry | null = null;
  private renewedMs = 0;

  constructor(private readonly options: FollowerOptions) {
    void this.run();
  }

  /** Ends it. With a last value that is set first, as far as a server takes it. */
  close(last: Entry | null = null): void {
    this.ending.abort();
    if (last !== null) void this.leave(last);
  }

  private async leave({ key, value }: Entry): Promise<void> {
    try {
      const gateway = await this.options.open(this.index);
      const { signal } = new AbortController();
      await new Etcd(gateway, this.options.prefix, signal).put(key, value).finally(() => gateway.close());
    } catch {
      // It goes without a word then: the record ends with its lease.
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    let failures = 0;
    while (!signal.aborted) {
      const before = this.status.resyncs;
      try {
        await this.round();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Compacted)) this.failed(error as Error);
      }
      failures = this.status.resyncs > before ? 0 : failures + 1;
      this.status.state = 'connecting';
      this.options.changed();
      const wait = Math.min(WAIT_MS * 2 ** Math.min(failures, 10), LONGEST_WAIT_MS);
      await pause(wait * (0.5 + this.options.random()), null, { signal }).catch(() => null);
    }
  }

  private async round(): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.ending.signal, ended.signal]);
    const gateway = await this.options.open(this.index);
    const etcd = new Etcd(gateway, this.options.prefix, signal);
    this.published = null;
    this.renewedMs = 0;
    try {
      // First: whoever is found in the list and called should have the chance to know this host.
      await this.renewIfAllowed(etcd);
      const { values, revision, isCut } = await etcd.list();
      this.status.resyncs++;
      this.heard(etcd);
      this.status.listedMs = this.status.heardMs;
      this.status.listed = values.length;
      if (isCut) this.failed(new Error('there are more records than are taken'));
      this.take(values);
      this.status.state = 'following';
      this.options.changed();
      const missing = this.missing(values);
      const parts = [this.watch(etcd, revision + 1n), this.keepUp(etcd, missing, signal)];
      await Promise.race(parts).finally(() => {
        ended.abort();
        return Promise.allSettled(parts);
      });
    } finally {
      this.index = gateway.index;
      gateway.close();
    }
  }

  private async watch(etcd: Etcd, from: bigint): Promise<void> {
    for await (const changes of etcd.watch(from)) {
      this.heard(etcd);
      const own = this.published;
      for (const { key, value } of changes) {
        // Somebody took away what this host says of itself, or its lease ended: it is set again with the next tick.
        if (own === null || key !== own.key || isSame(value, own.value)) continue;
        this.published = null;
        this.renewedMs = 0;
      }
      this.take(changes);
    }
    throw new Error(`${etcd.gateway.server}: the watch ended`);
  }

  /** Renews the lease and keeps what this host says of itself up to date. */
  private async keepUp(etcd: Etcd, missing: Entry[], signal: AbortSignal): Promise<void> {
    const { server } = etcd.gateway;
    while (!signal.aborted) {
      await this.renewIfAllowed(etcd, missing.splice(0));
      // A server that no longer answers may have left the watch open and mute.
      if (etcd.gateway.server !== server) throw new Error(`${server} does not answer`);
      await pause(TICK_MS, null, { signal }).catch(() => null);
    }
  }

  /** What a server refuses, such as a user without the right to write, does not keep this host from following. */
  private async renewIfAllowed(etcd: Etcd, missing: readonly Entry[] = []): Promise<void> {
    try {
      await this.renew(etcd);
      for (const { key, value } of missing) await etcd.put(key, value);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.failed(error);
    }
  }

  private async renew(etcd: Etcd): Promise<void> {
    const now = this.options.wallClockMs();
    const own = this.options.own();
    const isDue = Math.abs(now - this.renewedMs) >= RENEWED_MS;
    const isNew = this.published !== own && (this.published !== null || isDue);
    if (own === null || (!isDue && !isNew)) return;
    this.renewedMs = now;
    const { status } = this;
    const isKept = status.lease !== null && (await etcd.keepAlive(status.lease));
    if (!isKept) {
      this.published = null;
      status.lease = await etcd.grantLease(LEASE_S);
    }
    if (this.published !== own) {
      await etcd.put(own.key, own.value, status.lease ?? undefined);
      this.published = own;
      status.error = null;
    }
    this.heard(etcd);
  }

  /** What is to stand there for good and does not. */
  private missing(listed: readonly Change[]): Entry[] {
    const there = new Set(listed.map(({ key }) => key));
    return this.options.lasting().filter(({ key }) => !there.has(key));
  }

  /** Sets what is to stand there for good; throws a sentence when it cannot be set now. It is tried again later. */
  async publish({ key, value }: Entry): Promise<void> {
    const gateway = await this.options.open(this.index);
    await new Etcd(gateway, this.options.prefix, this.ending.signal)
      .put(key, value)
      .finally(() => gateway.close());
  }

  private take(changes: readonly Change[]): void {
    this.options.took(changes.flatMap(({ value }) => (value === null ? [] : [value])));
  }

  private heard({ gateway }: Etcd): void {
    this.status.server = gateway.server;
    this.status.heardMs = this.options.wallClockMs();
  }

  private failed(error: Error): void {
    this.status.failures++;
    this.status.error = error.message;
    this.status.errorMs = this.options.wallClockMs();
    this.options.changed();
  }
}

function isSame(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && Buffer.compare(a, b) === 0;
}
