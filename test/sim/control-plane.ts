/** A simulated host's control thread: a real Handshaker, joined to the engine by events and commands. */

import { ALIVE_STATES } from '../../src/api/link-states.js';
import type { DatapathEvent, PathRef } from '../../src/contract/events.js';
import { INTERFACE } from '../../src/contract/stats.js';
import type { KeyPair, Primitives } from '../../src/crypto/primitives.js';
import type { Action, InstallSessionAction } from '../../src/handshake/actions.js';
import { Handshaker } from '../../src/handshake/handshaker.js';
import type { SimNode } from './node.js';
import { MILLISECOND, SECOND, type World } from './world.js';

const SLOT_MASK = 2 ** 18 - 1;
/** What a message between the threads takes. */
const THREAD_DELAY_US = 0.1 * MILLISECOND;
const WALL_CLOCK_START = 1_700_000_000 * SECOND;

export class ControlPlane {
  readonly handshaker: Handshaker;
  /** Sessions installed so far. */
  installed = 0;
  private readonly indexes = new Map<number, number>();
  private busyUntil = 0;
  private stopped = false;
  private wakeAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly world: World,
    private readonly node: SimNode,
    primitives: Primitives,
    staticKeys: KeyPair,
    /** What a handshake message costs it; they are taken one after another. */
    private readonly handshakeUs = 0,
  ) {
    this.handshaker = new Handshaker({
      primitives,
      staticKeys,
      wallClock: () => WALL_CLOCK_START + world.now,
      aead: 'auto',
      hardwareAes: true,
      capabilities: () => 0,
      workers: 1,
    });
    node.answerFor(primitives, staticKeys.publicKey);
    node.onEvent = (event) => this.later(event.kind === 'handshake', () => this.take(event));
  }

  addPeer(id: number, publicKey: Uint8Array, mayInitiate = true): void {
    this.carryOut(this.handshaker.addPeer({ id, publicKey, mayInitiate }, this.world.now));
  }

  /** The operator clears a peer. */
  restart(id: number): void {
    this.carryOut(this.handshaker.restart(id, this.world.now));
  }

  /** The process is killed: nothing is said to anybody. */
  kill(): void {
    this.stopped = true;
  }

  private later(isHandshake: boolean, action: () => void): void {
    const at = Math.max(this.world.now + THREAD_DELAY_US, this.busyUntil);
    if (isHandshake) this.busyUntil = at + this.handshakeUs;
    this.world.at(at, () => {
      if (!this.stopped) action();
    });
  }

  private take(event: DatapathEvent): void {
    const { now } = this.world;
    switch (event.kind) {
      case 'handshake':
        return this.receive(event.bytes, event.path);
      case 'session-confirmed': {
        const index = this.indexes.get(event.slot);
        if (index !== undefined) this.carryOut(this.handshaker.sessionConfirmed(index, now));
        return;
      }
      case 'all-links-down':
        return this.carryOut(this.handshaker.linksDown(event.peer, now));
      case 'goodbye':
        return this.carryOut(this.handshaker.goodbye(event.peer, now));
      case 'link':
        if (ALIVE_STATES.has(event.state)) this.carryOut(this.handshaker.linksUp(event.peer, now));
        return;
      default:
    }
  }

  private receive(bytes: Uint8Array, path: PathRef): void {
    this.node.engine.stats.interface[INTERFACE.handshakesTaken]++;
    this.carryOut(this.handshaker.receive(bytes, path, this.world.now));
  }

  private carryOut(actions: readonly Action[]): void {
    for (const action of actions) this.act(action);
    const due = this.handshaker.nextDeadline() ?? Number.POSITIVE_INFINITY;
    if (due >= this.wakeAt) return;
    this.wakeAt = due;
    this.world.at(Math.max(due, this.world.now), () => this.wake(due));
  }

  private wake(due: number): void {
    if (this.stopped || due !== this.wakeAt) return;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.carryOut(this.handshaker.advance(this.world.now));
  }

  private act(action: Action): void {
    switch (action.kind) {
      case 'send':
        return this.node.command({ kind: 'send-raw', bytes: action.bytes, path: action.path });
      case 'send-to-peer':
        return this.node.command({ kind: 'send-raw-peer', bytes: action.bytes, peer: action.peer });
      case 'install-session':
        return this.install(action);
      case 'use-session':
        return this.node.command({
          kind: 'session-send',
          peer: action.peer,
          slot: action.localIndex & SLOT_MASK,
        });
      case 'stop-sending':
        return this.node.command({ kind: 'session-stop', peer: action.peer });
      case 'retire-session':
        return this.retire(action.localIndex & SLOT_MASK);
    }
  }

  private install(action: InstallSessionAction): void {
    const { peer, localIndex, remoteIndex } = action;
    const slot = localIndex & SLOT_MASK;
    const [sealKey, openKey] = [slot * 2, slot * 2 + 1];
    this.node.keys.install(sealKey, action.sendKey);
    this.node.keys.install(openKey, action.receiveKey);
    this.indexes.set(slot, localIndex);
    this.installed++;
    this.node.command({
      kind: 'session',
      peer,
      slot,
      localIndex,
      remoteIndex,
      sealKey,
      openKey,
      capabilities: action.remote.capabilities,
    });
  }

  private retire(slot: number): void {
    const [sealKey, openKey] = [slot * 2, slot * 2 + 1];
    this.indexes.delete(slot);
    this.node.command({ kind: 'session-retire', slot, sealKey, openKey });
    this.node.keys.wipe(sealKey);
    this.node.keys.wipe(openKey);
  }
}
