/**
 * A random history of two hosts under traffic: links are cut in every way and healed, flap, are added, removed, shut down
 * and changed, wires have weather, threads stall, sessions and policies change. The model beside it says which frames may
 * be lost: those that `Excuses` covers, and no other.
 */
import type { Policy } from '../../src/api/config.js';
import { STATE } from '../../src/contract/link-states.js';
import { NO_DUPLICATES } from '../../src/datapath/frames/duplicate.js';
import { POLICY } from '../../src/state/peers.js';
import { CUT_KINDS, cut } from './cuts.js';
import { Excuses } from './excuses.js';
import { NonceRecord } from './key-slots.js';
import { Lan, linkRow, PORT_SETTINGS, relayName } from './lan.js';
import { integer, seededRandom } from './random.js';
import { Stream } from './stream.js';
import { CALM, fair, STORMS } from './weather.js';
import { MILLISECOND, PORT, World } from './world.js';

const LINKS = 4;
export const STEPS = 40;
const POLICIES = Object.keys(POLICY) as Policy[];
const WHOLE_FRAME_MTU = 1500;
/** Sessions of the past are kept for at least one change, which must outlast the resend age. */
const REKEY_GAP_US = 2200 * MILLISECOND;
/** Hold time of the slowest link, the longest stall of both hosts, beats and delays. */
const LONGEST_DETECTION_US = 700 * MILLISECOND;
/** The longest delay of calm weather, and some: what is sent after it overtakes what was sent in it. */
const LONGEST_OVERTAKING_US = 10 * MILLISECOND;
/** All links may be cut, but not for as long as frames are kept. */
const LONGEST_OUTAGE_US = 800 * MILLISECOND;

export class History {
  readonly steps: string[] = [];
  readonly lan: Lan;
  readonly nonces = new NonceRecord();
  private readonly random: () => number;
  readonly excuses = new Excuses(LONGEST_DETECTION_US);
  private readonly healers = new Map<number, () => void>();
  /** Weather of links, and what ends the excuse for it. */
  private readonly weather = new Map<number, (now: number) => void>();
  private readonly absent = new Set<number>();
  /** Links too small for a whole frame, and the policy of each host. */
  private readonly small = new Set<number>();
  private readonly policies: Policy[];
  /** Ends the excuse for frames in pieces, while there is one. */
  private endPieces: ((now: number) => void) | undefined;
  private rekeyedAt = 0;
  private outageSince = Number.POSITIVE_INFINITY;
  private port = 40_000;

  /** @param stormy Whether weather may be such that frames are lost in it. */
  constructor(
    seed: number,
    private readonly stormy: boolean,
  ) {
    this.random = seededRandom(seed);
    const policy = this.pick(POLICIES);
    this.policies = [policy, policy];
    this.lan = new Lan(new World(seed, { nonces: this.nonces }), { hosts: 2, links: LINKS, policy });
  }

  /** Lives through random steps, then through the healing of everything; the streams that ran meanwhile. */
  live(): Stream[] {
    const { world, nodes } = this.lan;
    const [a, b] = nodes;
    world.run(200 * MILLISECOND);
    const streams = [new Stream(world, a, b, 900, 1300), new Stream(world, b, a, 1100)];
    for (let step = 0; step < STEPS; step++) {
      this.step();
      world.run(this.random() < 0.3 ? 500 : integer(this.random, 1, 120) * MILLISECOND);
    }
    this.restoreAll();
    world.run(500 * MILLISECOND);
    for (const stream of streams) stream.stop();
    world.run(200 * MILLISECOND);
    return streams;
  }

  /** When frames were sent that were lost without excuse, in ms. */
  faults(streams: readonly Stream[]): number[] {
    const times = streams.flatMap((stream) => stream.lostTimes());
    return times.filter((time) => this.excuses.for(time) === null).map((time) => time / MILLISECOND);
  }

  /** Links that are not up, by host. */
  linksDown(): string[] {
    return this.lan.nodes.flatMap((node) =>
      [...Array(LINKS).keys()]
        .filter((link) => node.linkGauge(linkRow(1 - node.id, link), 'state') !== STATE.UP)
        .map((link) => `link ${link} of host ${node.id}`),
    );
  }

  private step(): void {
    if (this.lan.world.now - this.outageSince > LONGEST_OUTAGE_US) this.restoreAll();
    const link = integer(this.random, 0, LINKS - 1);
    const actions = [
      () => this.cutOrHeal(link),
      () => this.cutOrHeal(link),
      () => this.cutOrHeal(link),
      () => this.stall(),
      () => this.rekey(),
      () => this.roam(link),
      () => this.configure(link),
      () => this.policy(),
      () => this.addOrRemove(link),
      () => this.mtu(link),
      () => this.flap(link),
      () => this.changeWeather(link),
    ];
    this.pick(actions)();
    const whole = LINKS - new Set([...this.healers.keys(), ...this.absent]).size;
    if (whole > 0) this.outageSince = Number.POSITIVE_INFINITY;
    else this.outageSince = Math.min(this.outageSince, this.lan.world.now);
  }

  private note(step: string): void {
    this.steps.push(`${(this.lan.world.now / MILLISECOND).toFixed(1)} ${step}`);
  }

  private cutOrHeal(link: number): void {
    const heal = this.healers.get(link);
    if (heal !== undefined) return this.heal(link, heal);
    if (this.absent.has(link)) return;
    const kind = this.pick(CUT_KINDS);
    const [near, far] = this.random() < 0.5 ? this.lan.nodes : [...this.lan.nodes].reverse();
    this.note(`${kind} of link ${link}, near ${near.id}`);
    this.healers.set(link, cut(this.lan.world, kind, near, far, link));
  }

  /** A link that comes back before its loss was seen has only lost some datagrams, like any path. */
  private heal(link: number, heal: () => void): void {
    if (!this.absent.has(link)) this.awaitDetection(link);
    this.note(`link ${link} healed`);
    heal();
    this.healers.delete(link);
  }

  /** Down, noticed, and up for less than a link needs to be trusted, several times. */
  private flap(link: number): void {
    if (this.healers.has(link) || this.absent.has(link)) return;
    for (let times = integer(this.random, 2, 4); times > 0; times--) {
      this.cutOrHeal(link);
      this.cutOrHeal(link);
      this.lan.world.run(integer(this.random, 1, 40) * MILLISECOND);
    }
  }

  /** Weather comes to a link that has none, and leaves one that has some. */
  private changeWeather(link: number): void {
    const { world, nodes } = this.lan;
    const end = this.weather.get(link);
    const storm = this.stormy && this.random() < 0.6;
    const kinds = storm ? STORMS : CALM;
    const name = end === undefined ? this.pick(Object.keys(kinds)) : 'fair';
    this.note(`weather on link ${link}: ${name}`);
    for (const [from, to] of [nodes, [...nodes].reverse()]) {
      world.wire(from, to, link).hops = end === undefined ? kinds[name](world.random) : fair();
    }
    if (end !== undefined) {
      // An acknowledgement covers what it overtook: nothing else happens until that has arrived.
      world.run(LONGEST_OVERTAKING_US);
      end(world.now);
      this.weather.delete(link);
    } else this.weather.set(link, storm ? this.excuses.begin(name, world.now) : () => {});
  }

  private awaitDetection(link: number): void {
    const until = this.lan.world.now + LONGEST_DETECTION_US;
    while (this.ups(link) > 0) {
      if (this.lan.world.now >= until)
        throw new Error(`link ${link} is dead and up:\n${this.steps.join('\n')}`);
      this.lan.world.run(5 * MILLISECOND);
    }
  }

  /** At how many ends a link is up. */
  private ups(link: number): number {
    const { nodes } = this.lan;
    return nodes.filter((node) => node.linkGauge(linkRow(1 - node.id, link), 'state') === STATE.UP).length;
  }

  private stall(): void {
    const node = this.pick(this.lan.nodes);
    const ms = this.random() < 0.5 ? integer(this.random, 1, 20) : integer(this.random, 20, 200);
    this.note(`host ${node.id} stalls for ${ms} ms`);
    node.stall(ms * MILLISECOND);
  }

  private rekey(): void {
    const { world, nodes } = this.lan;
    if (world.now - this.rekeyedAt < REKEY_GAP_US) return;
    this.rekeyedAt = world.now;
    this.note('a new session');
    this.lan.rekey(nodes[0], nodes[1]);
  }

  private roam(link: number): void {
    const node = this.pick(this.lan.nodes);
    const other = this.lan.nodes[1 - node.id];
    // Two ends that both move at once can find each other by their configured addresses only.
    if (other.sockets[link].port !== PORT) return;
    this.port++;
    this.note(`host ${node.id} moves link ${link} to port ${this.port}`);
    this.lan.world.remap(node.sockets[link], this.port);
  }

  private configure(link: number): void {
    if (this.absent.has(link)) return;
    const node = this.pick(this.lan.nodes);
    const intervalMs = this.pick([10, 20, 50]);
    const settings = {
      priority: integer(this.random, 0, 9),
      intervalUs: intervalMs * MILLISECOND,
      holdUs: 3 * intervalMs * MILLISECOND,
    };
    this.note(`host ${node.id} gives link ${link} ${JSON.stringify(settings)}`);
    this.lan.configureLink(node, 1 - node.id, link, settings);
  }

  private policy(): void {
    const node = this.pick(this.lan.nodes);
    const policy = this.pick(POLICIES);
    const copies = this.pick([0, 2]);
    // One of the two streams has frames as small as that.
    const duplicate = { ...NO_DUPLICATES, smallBytes: this.pick([0, 200]) };
    this.note(`host ${node.id} goes by ${policy}, copies ${copies}, ${duplicate.smallBytes} bytes twice`);
    const name = relayName(1 - node.id);
    this.policies[node.id] = policy;
    this.judgePieces();
    node.command({
      kind: 'peer',
      row: 1 - node.id,
      policy,
      copies,
      duplicate,
      uplink: null,
      name,
      port: PORT_SETTINGS,
    });
  }

  private addOrRemove(link: number): void {
    if (this.absent.delete(link)) return this.add(link);
    if (this.absent.size >= LINKS - 1) return;
    this.absent.add(link);
    // With a link that is removed goes what waits for it; one that is shut down keeps it.
    const others = [...Array(LINKS).keys()].filter((other) => other !== link && this.ups(other) === 2);
    const shutdown = others.length === 0 || this.random() < 0.5;
    this.note(`link ${link} ${shutdown ? 'shut down' : 'removed'}`);
    for (const node of this.lan.nodes) {
      const peer = 1 - node.id;
      if (shutdown) this.lan.configureLink(node, peer, link, { shutdown });
      else node.command({ kind: 'link-remove', peer, id: link });
    }
  }

  private add(link: number): void {
    this.note(`link ${link} added`);
    for (const node of this.lan.nodes) this.lan.configureLink(node, 1 - node.id, link, {});
  }

  private mtu(link: number): void {
    if (this.absent.has(link)) return;
    const mtu = this.pick([600, 1280, 1500]);
    this.note(`link ${link} takes ${mtu} bytes`);
    if (mtu < WHOLE_FRAME_MTU) this.small.add(link);
    else this.small.delete(link);
    this.judgePieces();
    for (const node of this.lan.nodes) this.lan.configureLink(node, 1 - node.id, link, { mtu });
  }

  /**
   * The lane of `adaptive` spreads the pieces of a frame over links, and the receiver keeps a few frames that are not
   * whole: more of them than that can be lost while a dead link is not yet known to be dead.
   */
  private judgePieces(): void {
    const { now } = this.lan.world;
    const isExcused = this.small.size > 0 && this.policies.includes('adaptive');
    if (isExcused) this.endPieces ??= this.excuses.begin('pieces spread over links', now);
    else {
      this.endPieces?.(now);
      this.endPieces = undefined;
    }
  }

  private restoreAll(): void {
    for (const link of [...this.weather.keys()]) this.changeWeather(link);
    for (const [link, heal] of [...this.healers]) this.heal(link, heal);
    for (const link of [...this.absent]) {
      this.absent.delete(link);
      this.add(link);
    }
  }

  private pick<T>(from: readonly T[]): T {
    return from[integer(this.random, 0, from.length - 1)];
  }
}
