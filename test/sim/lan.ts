/** Joins hosts of a world into one LAN: a peer, links and a session between every two, as a daemon would set up. */
import type { Policy } from '../../src/api/config.js';
import { NOT_DIRECT } from '../../src/contract/directs.js';
import type { Address, InterfaceFacts, KernelFact } from '../../src/contract/place.js';
import type { PortSettings } from '../../src/contract/port-settings.js';
import type { DuplicateSettings, LinkSettings } from '../../src/contract/settings.js';
import { NO_DUPLICATES } from '../../src/datapath/frames/duplicate.js';
import { PARITY_OFF } from '../../src/datapath/send/parity.js';
import { PATH } from '../../src/native/ops.js';
import { ownCapabilities } from '../../src/wire/capabilities.js';
import { RELAY_FAMILY } from '../../src/wire/overhead.js';
import { quickAead } from './aead.js';
import { addressOf } from './endpoint.js';
import { type NodeOptions, type SimNode, TAP } from './node.js';
import { integer, randomBytes } from './random.js';
import { MILLISECOND, PORT, type World } from './world.js';

/** A port as a peer without a line about the switch has it. */
export const PORT_SETTINGS: PortSettings = {
  splitHorizon: 0,
  multicastRouter: false,
  guard: null,
  storm: [null, null, null],
  macLimit: 0,
  statics: [],
  vlan: null,
  direct: NOT_DIRECT,
};

const SLOT_BITS = 18;
const MAX_LINKS = 8;

export interface LanOptions {
  hosts: number;
  links: number;
  intervalMs?: number;
  holdMs?: number;
  policy?: Policy;
  duplicate?: DuplicateSettings;
  /** Whether two hosts are peers of each other; default: all are. */
  arePeers?: (a: number, b: number) => boolean;
  /** What a host's port of a peer has other than usual. */
  portOf?: (host: number, peer: number) => Partial<PortSettings>;
  /** Outer MTU of the links. */
  mtu?: number;
  node?: Partial<NodeOptions>;
  /** Whether sessions are installed at once, as a test's own; default true. */
  sessions?: boolean;
  /** What hosts tell each other that they can take; default: what this build can. */
  capabilities?: number;
}

/** Hosts see a peer under the other host's number, and a link under this row. */
export function linkRow(peer: number, link: number): number {
  return peer * MAX_LINKS + link;
}

/** Name by which relays know a host. */
export function relayName(host: number): number {
  return 0x1234_0000_0000 + host;
}

/** A path to a host through another. */
export function pathVia(relay: number, host: number): number[] {
  const path = new Array<number>(PATH.WORDS).fill(0);
  path[PATH.FAMILY] = RELAY_FAMILY;
  path[PATH.ADDR] = relay;
  path[PATH.ADDR + 1] = Math.floor(relayName(host) / 2 ** 32);
  path[PATH.ADDR + 2] = (relayName(host) % 2 ** 32) | 0;
  return path;
}

/** A path to a host's own address on a network. */
export function pathTo(host: number, network: number): number[] {
  const { family, address } = addressOf(network, host);
  const path = new Array<number>(PATH.WORDS).fill(0);
  path[PATH.FAMILY] = family;
  path[PATH.PORT] = PORT;
  address.forEach((word, index) => {
    path[PATH.ADDR + index] = word;
  });
  return path;
}

/** Address of a host's own socket on a network. */
export function ownAddress(node: SimNode, network: number): Address {
  const { family, address } = node.sockets[network];
  return { family, words: address };
}

/** What the kernel tells of a host: its TAP, and an interface of each network, with its address. */
function kernelFacts(node: SimNode): KernelFact[] {
  const told = node.sockets.flatMap(({ row, ifindex: index }): KernelFact[] => [
    { what: 'interface', index, facts: interfaceFacts(row, true) },
    { what: 'address', index, address: ownAddress(node, row), isPresent: true, isDuplicate: false },
  ]);
  const tap = { ...interfaceFacts(0, true), names: ['octo0'] };
  return [{ what: 'begin' }, { what: 'interface', index: TAP, facts: tap }, ...told, { what: 'end' }];
}

export function interfaceFacts(network: number, running: boolean): InterfaceFacts {
  return { names: [`u${network}`], running, master: 0, lower: 0, isVrf: false };
}

export class Lan {
  readonly nodes: SimNode[] = [];
  /** Session slots of each host that are free again, the last one freed first, as a daemon gives them out. */
  private readonly free: number[][] = [];
  private readonly slotsMade: number[] = [];
  private readonly current = new Map<string, number>();

  constructor(
    readonly world: World,
    readonly options: LanOptions,
  ) {
    for (let id = 0; id < options.hosts; id++) this.boot(id);
    for (const node of this.nodes)
      for (const peer of this.nodes) if (this.arePeers(node, peer)) this.addPeer(node, peer.id);
    if (options.sessions !== false) this.eachPair((a, b) => this.rekey(a, b));
  }

  /** Starts a host from nothing, sessions aside; one that ran under this number is killed. */
  boot(id: number): SimNode {
    const { links, node } = this.options;
    this.nodes[id]?.halt();
    const host = this.world.addNode(id, links, { aead: quickAead, ...node });
    this.nodes[id] = host;
    this.free[id] = [];
    this.slotsMade[id] = 0;
    for (const name of this.current.keys()) if (name.startsWith(`${id}>`)) this.current.delete(name);
    host.command({ kind: 'kernel', facts: kernelFacts(host) });
    for (const { row, fd } of host.sockets)
      host.command({ kind: 'socket', row, settings: { fd, port: PORT } });
    return host;
  }

  addPeer(node: SimNode, peer: number): void {
    const { links, policy = 'passive', duplicate = NO_DUPLICATES, portOf = () => ({}) } = this.options;
    node.command({
      kind: 'peer',
      row: peer,
      policy,
      copies: 0,
      duplicate,
      uplink: null,
      name: relayName(peer),
      port: { ...PORT_SETTINGS, ...portOf(node.id, peer) },
    });
    for (let id = 0; id < links; id++) this.configureLink(node, peer, id, {});
  }

  configureLink(node: SimNode, peer: number, id: number, settings: Partial<LinkSettings>): void {
    const { links, intervalMs = 10, holdMs = 30, mtu = 1500 } = this.options;
    const usual: LinkSettings = {
      sockets: [id, id],
      local: id < links ? { kind: 'address', address: ownAddress(node, id), zone: null } : null,
      path: pathTo(peer, id),
      zone: null,
      named: null,
      priority: links - id,
      intervalUs: intervalMs * MILLISECOND,
      holdUs: holdMs * MILLISECOND,
      mtu,
      routeMtu: 0,
      shutdown: false,
      upAfter: 5,
      paceByPeer: false,
      damping: null,
      quality: null,
      parity: PARITY_OFF,
      drain: false,
    };
    node.command({ kind: 'link', peer, id, row: linkRow(peer, id), settings: { ...usual, ...settings } });
  }

  /** Gives two hosts a fresh session, made before the old one is broken; the one before that is retired. */
  rekey(a: SimNode, b: SimNode): void {
    const { random } = this.world;
    const keys = [randomBytes(random, 32), randomBytes(random, 32)];
    const slots = [a, b].map(({ id }) => this.free[id].pop() ?? this.slotsMade[id]++);
    const indexes = slots.map((slot) => (integer(random, 1, 2 ** 14 - 1) * 2 ** SLOT_BITS + slot) >>> 0);
    [a, b].forEach((node, side) => {
      const slot = slots[side];
      const [sealKey, openKey] = [slot * 2, slot * 2 + 1];
      node.keys.install(sealKey, keys[side]);
      node.keys.install(openKey, keys[1 - side]);
      node.command({
        kind: 'session',
        peer: [b, a][side].id,
        slot,
        localIndex: indexes[side],
        remoteIndex: indexes[1 - side],
        sealKey,
        openKey,
        capabilities: this.options.capabilities ?? ownCapabilities(false),
      });
    });
    [a, b].forEach((node, side) => {
      const peer = [b, a][side].id;
      node.command({ kind: 'session-send', peer, slot: slots[side] });
      this.remember(node, peer, slots[side]);
    });
  }

  /** The session that `node` sends to `peer` under, as its slot. */
  slotOf(node: SimNode, peer: number): number {
    return this.current.get(`${node.id}>${peer}`) ?? -1;
  }

  /** Forgets a session on one host. */
  retire(node: SimNode, slot: number): void {
    const [sealKey, openKey] = [slot * 2, slot * 2 + 1];
    node.command({ kind: 'session-retire', slot, sealKey, openKey });
    node.keys.wipe(sealKey);
    node.keys.wipe(openKey);
    this.free[node.id].push(slot);
  }

  private remember(node: SimNode, peer: number, slot: number): void {
    const before = `${node.id}>${peer}/before`;
    const retired = this.current.get(before);
    if (retired !== undefined) this.retire(node, retired);
    const current = this.slotOf(node, peer);
    if (current >= 0) this.current.set(before, current);
    this.current.set(`${node.id}>${peer}`, slot);
  }

  private eachPair(visit: (a: SimNode, b: SimNode) => void): void {
    for (const a of this.nodes)
      for (const b of this.nodes) if (a.id < b.id && this.arePeers(a, b)) visit(a, b);
  }

  private arePeers(a: SimNode, b: SimNode): boolean {
    return a.id !== b.id && (this.options.arePeers?.(a.id, b.id) ?? true);
  }
}
