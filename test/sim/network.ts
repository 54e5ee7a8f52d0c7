import { STATE } from '../../src/contract/link-states.js';
import { generateKeyPair, type KeyPair } from '../../src/crypto/primitives.js';
import { seededPrimitives } from '../handshake/world.js';
import { ControlPlane } from './control-plane.js';
import { NonceRecord } from './key-slots.js';
import { Lan, type LanOptions, linkRow } from './lan.js';
import { World } from './world.js';

/** Whole hosts: engines with their handshakers, which know nothing of each other but keys and addresses. */
export class Network {
  readonly lan: Lan;
  readonly planes: ControlPlane[] = [];
  readonly keys: KeyPair[];
  private readonly primitives;

  constructor(
    seed: number,
    options: Partial<LanOptions>,
    readonly nonces = new NonceRecord(),
    /** What a handshake message costs the control thread. */
    private readonly handshakeUs = 0,
  ) {
    this.primitives = seededPrimitives(seed);
    const lan = { hosts: 2, links: 3, intervalMs: 100, holdMs: 300, sessions: false, ...options };
    this.lan = new Lan(new World(seed, { nonces }), lan);
    this.keys = this.lan.nodes.map(() => generateKeyPair(this.primitives));
  }

  start(id: number): void {
    const plane = new ControlPlane(
      this.lan.world,
      this.lan.nodes[id],
      this.primitives,
      this.keys[id],
      this.handshakeUs,
    );
    this.planes[id] = plane;
    this.keys.forEach(({ publicKey }, peer) => {
      if (peer !== id) plane.addPeer(peer, publicKey);
    });
  }

  startAll(): void {
    for (const { id } of this.lan.nodes) this.start(id);
  }

  /** Killed without a goodbye, and restarted. */
  restart(id: number): void {
    this.planes[id].kill();
    const node = this.lan.boot(id);
    for (const { id: peer } of this.lan.nodes) if (peer !== id) this.lan.addPeer(node, peer);
    this.start(id);
  }

  /** Links that are up, of all links of all hosts. */
  linksUp(): number {
    const { nodes, options } = this.lan;
    let up = 0;
    for (const node of nodes) {
      for (const { id: peer } of nodes) {
        for (let link = 0; peer !== node.id && link < options.links; link++) {
          if (node.linkGauge(linkRow(peer, link), 'state') === STATE.UP) up++;
        }
      }
    }
    return up;
  }
}
