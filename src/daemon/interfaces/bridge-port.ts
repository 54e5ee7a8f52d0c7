/** Keeps the TAP in the bridge that it belongs into: a bridge may come after the daemon, go, and be made again. */
import type { Native } from '../../native/binding.js';
import { ifindexOf } from './ifindex.js';
import { ipBatch } from './iproute.js';
import { runsSpanningTree } from './spanning-tree.js';

/** Network managers make a bridge in several steps. */
const DEBOUNCE_MS = 50;

/** Hears of changes. */
interface Listener {
  /** Why the TAP is not in its bridge; null: it is. */
  bridge(missing: string | null): void;
  /** The bridge that it is in runs the spanning tree now, or no longer. */
  spanningTree(): void;
}

export class BridgePort {
  /** Why the TAP is not in its bridge; null when it is, or belongs into none. */
  missing: string | null = null;
  private bridge: string | null = null;
  /** Interface index of the bridge that it was put into; 0: none. */
  private joined = 0;
  private runsTree = false;
  private soon: NodeJS.Timeout | undefined;
  /** Runs one look at a time. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly native: Pick<Native, 'ifindex'>,
    /** Name and interface index of the TAP. */
    private readonly tap: { name: string; ifindex: number },
    private readonly listener: Listener,
    private readonly host = { ip: ipBatch, runsSpanningTree },
  ) {}

  /** The TAP belongs into this bridge from now on, or into none. It never fails: what is missing is said. */
  want(bridge: string | null): Promise<void> {
    if (bridge === this.bridge) return this.turn;
    const left = this.bridge !== null && bridge === null;
    this.bridge = bridge;
    this.joined = 0;
    this.turn = this.turn.then(() => (left ? this.leave() : this.look()));
    return this.turn;
  }

  /** An interface of the host came, went or changed. */
  interfaceChanged(ifindex: number): void {
    if (this.bridge === null || this.soon !== undefined) return;
    if (ifindex === this.joined) this.lookAtTree(this.bridge);
    // The TAP may have been taken out of the bridge, or the bridge be another one of the same name.
    if (ifindex !== this.tap.ifindex && this.joined === ifindexOf(this.native, this.bridge)) return;
    this.soon = setTimeout(() => {
      this.soon = undefined;
      this.turn = this.turn.then(() => this.look());
    }, DEBOUNCE_MS);
  }

  close(): void {
    clearTimeout(this.soon);
    this.bridge = null;
  }

  /** Whether the TAP still has its name: it may be gone, and another device may have the name. */
  private get isThere(): boolean {
    return ifindexOf(this.native, this.tap.name) === this.tap.ifindex;
  }

  private async look(): Promise<void> {
    const { bridge } = this;
    // What has become of the TAP is told by itself (`TapWatch`).
    if (bridge === null || !this.isThere) return this.say(null);
    const ifindex = ifindexOf(this.native, bridge);
    if (ifindex === 0) {
      this.joined = 0;
      this.lookAtTree(bridge);
      return this.say(`bridge ${bridge} is absent`);
    }
    try {
      // One that it is in already takes it again without any effect.
      await this.host.ip([`link set dev ${this.tap.name} master ${bridge}`]);
      this.joined = ifindex;
      this.say(null);
      this.lookAtTree(bridge);
    } catch (error) {
      this.say(`not in bridge ${bridge}: ${(error as Error).message}`);
    }
  }

  private async leave(): Promise<void> {
    if (this.isThere) await this.host.ip([`link set dev ${this.tap.name} nomaster`]).catch(() => undefined);
    this.say(null);
  }

  private lookAtTree(bridge: string): void {
    const runs = this.host.runsSpanningTree(bridge);
    if (runs === this.runsTree) return;
    this.runsTree = runs;
    this.listener.spanningTree();
  }

  private say(missing: string | null): void {
    if (missing === this.missing) return;
    this.missing = missing;
    this.listener.bridge(missing);
  }
}
