/**
 * Path MTU discovery on the links, RFC 8899: sends the probes that `mtu-search.ts` asks for, answers those of the
 * peer, and notices when what is large vanishes while what is small arrives.
 *
 * A probe counts as lost only when its time is up and a heartbeat sent after it is known to have arrived, so that a
 * link that carries nothing at all says nothing about sizes. Probes are left out of the counts by which loss is
 * measured.
 */
import { Columns, float64, int32, uint16 } from '../../base/columns.js';
import { DROP } from '../../contract/drops.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import type { Datagram } from '../../state/datagram.js';
import { type LinkTable, NEVER, SMALL_BYTES } from '../../state/links.js';
import { KIND, SEALED_OVERHEAD } from '../../wire/header.js';
import { MTU_PROBE, TRACE_SIZE } from '../../wire/mtu-probe.js';
import type { LinkBase } from '../ports.js';
import { type CapacityProbe, TRAIN_ID } from './capacity-probe.js';
import type { LinkChanges } from './changes.js';
import { MAX_PROBES, MTU_STATE, MtuSearch } from './mtu-search.js';
import { TIMER, timerOf } from './timers.js';
import type { Traces } from './traces.js';

const EMSGSIZE = -90;
/**
 * How long a probe's answer is waited for (PROBE_TIMER). The RFC asks for a second where nothing is known of the path;
 * here heartbeats measure it, and tell beside that whether what was sent after the probe has arrived.
 */
const SHORTEST_WAIT_US = 20_000;
const LONGEST_WAIT_US = 1_000_000;
const ERROR_RETRY_US = 5_000_000;
/**
 * A size is given up once so many of its probes were lost that chance would do it this seldom, by the loss that the
 * link has anyway; greater loss counts as no more than this.
 */
const BY_CHANCE = 0.001;
const GREATEST_LOSS = 0.5;
/** A peer that was not known to hear us for this many heartbeats may have been reached by another path since. */
const GAP_BEATS = 5;

export class MtuControl {
  readonly search = new MtuSearch();
  /** How long a size that was found is good for (PMTU_RAISE_TIMER), in µs. */
  raiseUs = 600_000_000;
  private probeAt = float64(NEVER);
  /** Number of the last probe; answers carry it. */
  private probeId = uint16();
  /** When the next step may be taken. */
  private dueAt = float64(NEVER);
  /** Send time of our latest heartbeat known to have arrived. */
  private arrivedAt = float64(NEVER);
  /** Size that the control thread heard of last; 0 for none. */
  private announced = int32();
  private readonly columns = new Columns(this, 'links');
  private readonly links: LinkTable;

  constructor(
    private readonly base: LinkBase,
    private readonly changes: LinkChanges,
    private readonly trains: CapacityProbe,
    private readonly traces: Traces,
  ) {
    this.links = base.tables.links;
  }

  // --- what is known from outside ---------------------------------------------------------------------

  /** Settings of a link: `fixed` bytes, or 0 for finding out; what the kernel says of the route, or 0. */
  configure(link: number, fixed: number, routeMtu: number, moved: boolean): void {
    this.columns.ensure(link + 1);
    const { search } = this;
    if (fixed > 0) search.fix(link, fixed);
    else if (moved || search.state[link] === MTU_STATE.FIXED) this.begin(link, routeMtu);
    else search.hinted(link, routeMtu);
    this.adopt(link);
  }

  /** The kernel says something new of a link's route. */
  routeChanged(link: number, routeMtu: number, now: number): void {
    if (this.search.hinted(link, routeMtu)) this.stepSoon(link, now);
    this.apply(link, now);
  }

  /** A link goes by another path now, of which nothing is known. */
  restart(link: number, now: number): void {
    if (this.search.state[link] !== MTU_STATE.FIXED) this.begin(link, this.search.hint[link]);
    this.apply(link, now);
  }

  /** The device of a link refused a datagram of `bytes` bytes. */
  tooBig(link: number, bytes: number, now: number): void {
    if (this.search.dataRefused(link, bytes + this.links.outerOverhead(link))) this.stepSoon(link, now);
    this.apply(link, now);
  }

  /** The timer of a link fired. */
  due(link: number, now: number): void {
    this.step(link, now);
    this.apply(link, now);
  }

  linkRemoved(link: number): void {
    this.base.wheel.cancel(timerOf(link, TIMER.MTU));
  }

  /**
   * The peer says that it hears us: at `sentAt` that heartbeat of ours was sent which it had heard last, and `largest`
   * is the largest datagram that had come to it between its last two heartbeats.
   */
  heardBack(link: number, sentAt: number, largest: number, now: number): void {
    // A heartbeat that was overtaken has nothing to add.
    if (sentAt < this.arrivedAt[link] || this.links.shutdown[link]) return;
    const gap = GAP_BEATS * Math.max(this.links.intervalUs[link], this.links.peerIntervalUs[link]);
    const interrupted = sentAt - this.arrivedAt[link] > gap;
    this.arrivedAt[link] = sentAt;
    if (interrupted) this.verify(link);
    this.compareLargest(link, largest);
    this.step(link, now);
    this.apply(link, now);
  }

  /** Whether the largest datagram sent in a while has arrived. If not, it may be its size. */
  private compareLargest(link: number, arrived: number): void {
    const { largestSent, largestSentAt } = this.links;
    const sent = largestSent[link];
    if (arrived < sent && this.arrivedAt[link] <= largestSentAt[link]) return;
    largestSent[link] = SMALL_BYTES;
    const inUse = this.search.size[link] - this.links.outerOverhead(link);
    if (arrived < sent && sent > SMALL_BYTES && sent <= inUse) this.verify(link);
  }

  private verify(link: number): void {
    if (this.search.verify(link)) this.dueNow(link);
  }

  // --- steps ------------------------------------------------------------------------------------------

  private begin(link: number, routeMtu: number): void {
    this.search.start(link, this.links.family(link), routeMtu);
    this.announced[link] = 0;
    this.arrivedAt[link] = NEVER;
    this.dueNow(link);
  }

  /** Forgets a probe under way: another question is to be asked at once. */
  private dueNow(link: number): void {
    this.probeAt[link] = NEVER;
    this.dueAt[link] = NEVER;
  }

  private stepSoon(link: number, now: number): void {
    this.dueNow(link);
    if (this.arrivedAt[link] !== NEVER) this.base.wheel.schedule(timerOf(link, TIMER.MTU), now);
  }

  private step(link: number, now: number): void {
    const { search, probeAt } = this;
    if (now < this.dueAt[link] || search.state[link] === MTU_STATE.FIXED) return;
    if (search.candidate[link] === 0) search.raise(link);
    else if (probeAt[link] !== NEVER) {
      if (this.arrivedAt[link] <= probeAt[link]) return;
      search.lost(link, this.enough(link));
    }
    this.probeAt[link] = NEVER;
    this.ask(link, now);
  }

  /** Probes the candidate, or takes the next while the kernel refuses to send one. */
  private ask(link: number, now: number): void {
    const { search } = this;
    let wait = this.raiseUs;
    while (search.candidate[link] !== 0) {
      if (this.probe(link, search.candidate[link], now) !== EMSGSIZE) {
        search.sent(link);
        this.probeAt[link] = now;
        wait = this.patience(link);
        break;
      }
      search.refused(link);
      if (search.state[link] === MTU_STATE.ERROR) break;
    }
    if (search.state[link] === MTU_STATE.ERROR) wait = ERROR_RETRY_US;
    this.dueAt[link] = now + wait;
    this.base.wheel.schedule(timerOf(link, TIMER.MTU), now + wait);
  }

  /** How many probes of a size must be lost before it is the size: as many as of any other size would hardly be. */
  private enough(link: number): number {
    const { inbound, outbound } = this.links.loss;
    const lost = 1 - (1 - outbound.permille(link) / 1000) * (1 - inbound.permille(link) / 1000);
    if (lost === 0) return MAX_PROBES;
    return Math.max(MAX_PROBES, Math.ceil(Math.log(BY_CHANCE) / Math.log(Math.min(lost, GREATEST_LOSS))));
  }

  private patience(link: number): number {
    const { rttSmoothed, jitter } = this.links;
    if (rttSmoothed[link] === 0) return LONGEST_WAIT_US;
    const expected = rttSmoothed[link] + 4 * jitter[link];
    return Math.max(SHORTEST_WAIT_US, Math.min(LONGEST_WAIT_US, 2 * expected));
  }

  /** Sends a probe that makes a packet of `size` bytes. Returns 0, or the error that the kernel answered with. */
  private probe(link: number, size: number, now: number): number {
    const slot = this.base.tables.peers.session[this.links.peer[link]];
    if (slot < 0) return 0;
    const length = size - this.links.outerOverhead(link) - SEALED_OVERHEAD;
    this.probeId[link] = (this.probeId[link] + 1) % TRAIN_ID;
    this.open(link, length, this.probeId[link], size);
    return this.base.ports.messages.sendProbe(slot, link, now);
  }

  // --- messages ---------------------------------------------------------------------------------------

  /** Takes a probe of the peer, or the answer to one of ours. */
  heard(datagram: Datagram): void {
    const { peer, slot, link, body, now } = datagram;
    const { bytes, view } = this.base.arena;
    if (link < 0 || this.base.tables.peers.linkOf(peer, bytes[body + MTU_PROBE.LINK]) !== link) {
      this.base.drops.message(DROP['link-mismatch'], datagram);
      return;
    }
    const id = view.getUint16(body + MTU_PROBE.ID);
    const size = view.getUint16(body + MTU_PROBE.SIZE);
    if (bytes[body + MTU_PROBE.REPLY] !== 0) return this.answered(link, id, size, now);
    const reply = this.open(link, MTU_PROBE.BYTES, id, size);
    bytes[reply + MTU_PROBE.REPLY] = 1;
    this.base.ports.messages.sendProbeAnswer(slot, link, now);
  }

  private open(link: number, length: number, id: number, size: number): number {
    const body = this.base.ports.messages.open(KIND.MTU_PROBE, length);
    const { bytes, view } = this.base.arena;
    bytes[body + MTU_PROBE.LINK] = this.links.id[link];
    view.setUint16(body + MTU_PROBE.ID, id);
    view.setUint16(body + MTU_PROBE.SIZE, size);
    return body;
  }

  /** Late answers are as good as early ones, as long as they tell of the size in question. */
  private answered(link: number, id: number, size: number, now: number): void {
    if (size === TRACE_SIZE) return this.traces.answered(link, id, now);
    if (id >= TRAIN_ID) return this.trains.answered(link, id - TRAIN_ID, now);
    const { search } = this;
    const age = (this.probeId[link] - id + TRAIN_ID) % TRAIN_ID;
    if (size !== search.candidate[link] || age >= search.attempts[link]) return;
    search.answered(link);
    this.dueNow(link);
    if (search.candidate[link] !== 0) this.step(link, now);
    else this.rest(link, now);
    this.apply(link, now);
  }

  /** Nothing is left to try for a good while. */
  private rest(link: number, now: number): void {
    this.dueAt[link] = now + this.raiseUs;
    this.base.wheel.schedule(timerOf(link, TIMER.MTU), this.dueAt[link]);
  }

  // --- what follows from it ---------------------------------------------------------------------------

  private apply(link: number, now: number): void {
    if (this.adopt(link)) this.changes.reselect(this.links.peer[link], now);
    this.announce(link);
  }

  /** Announces results, not every step on the way to one; that the kernel was right is no news. */
  private announce(link: number): void {
    const { search, announced } = this;
    const isResult = search.state[link] === MTU_STATE.ERROR || search.candidate[link] === 0;
    const mtu = search.size[link];
    const before = announced[link];
    if (!isResult || before === mtu) return;
    announced[link] = mtu;
    if (before === 0 && mtu >= search.hint[link]) return;
    this.base.ports.emit({
      kind: 'mtu',
      peer: this.links.peer[link],
      link: this.links.id[link],
      mtu,
      before,
    });
  }

  /** Takes the size in use over into the link table and the gauges. Returns whether it is another one. */
  private adopt(link: number): boolean {
    const { search, links } = this;
    const gauges = this.base.stats.links;
    const base = link * LINK_WIDTH;
    const size = search.size[link];
    gauges[base + LINK.mtu] = size;
    gauges[base + LINK.mtuState] = search.state[link];
    gauges[base + LINK.mtuProbed] = search.candidate[link];
    if (links.mtu[link] === size) return false;
    links.setMtu(link, size);
    return true;
  }
}
