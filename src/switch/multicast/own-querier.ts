/**
 * This switch as a querier: asks when nobody else does. It speaks from a MAC address drawn at random and, for IGMP, from
 * 0.0.0.0 (RFC 4541 section 2.1.1) unless it was given an address. MLD wants a link-local one: `fe80::ffff:` and the MAC
 * address, which is higher than those of routers, so that these win, and by which other such switches know it for no
 * router. Times are µs.
 */
import type { QuerierSettings } from '../../contract/multicast-settings.js';
import { Frame } from '../frame.js';
import { FAMILIES, FAMILY, IpAddress } from './address.js';
import { LAST_MEMBER_INTERVAL_US, type LastMember } from './last-member.js';
import type { GroupMessage } from './message.js';
import { type Asker, OWN, type Queriers, querierRow } from './queriers.js';
import { QUERY_BYTES, type Query, writeQuery } from './query-frame.js';

/** Sends frames of the switch itself. */
export interface OwnFrames {
  /** Sends the first `length` bytes to all ports. */
  flood(bytes: Uint8Array, length: number, now: number): void;
}

const SECOND = 1e6;
const RESPONSE_US = 10 * SECOND;
/** The longest that a query can tell. */
const LONGEST_INTERVAL_S = 31_744;
/** Asked in place of a querier: until the answers are there, everybody gets everything. */
const SOLICITED_RESPONSE_US = 2 * SECOND;
/** RFC 3376 section 8.6 and 8.7: so many queries at the start, at a quarter of the interval. */
const STARTUP_QUERIES = 2;
/** Not more often than this because of ports that came. */
const LEAST_PAUSE_US = 5 * SECOND;
const MOST_VLANS = 128;
const LINK_LOCAL = 0xfe800000 | 0;
const MARK = 0xffff;

type Question = Pick<Query, 'group' | 'source' | 'responseUs' | 'intervalS'>;

/** Whether a querier is no router: it has no address, or that of a switch such as this one. */
export function isSwitchQuerier(source: IpAddress): boolean {
  return source.isUnspecified || (source.words[0] === LINK_LOCAL && source.words[2] >>> 16 === MARK);
}

export class OwnQuerier {
  private settings: QuerierSettings | null = null;
  /** VLANs to ask in: the untagged frames', and those in which somebody spoke of groups. */
  private readonly vlans: number[] = [0];
  private readonly nextAt = new Float64Array(MOST_VLANS * FAMILIES);
  private readonly startup = new Uint8Array(MOST_VLANS * FAMILIES).fill(STARTUP_QUERIES);
  private readonly bytes = new Uint8Array(QUERY_BYTES);
  private readonly frame = new Frame();
  private readonly general = new IpAddress();
  private readonly ipv4 = new IpAddress();
  private readonly bare = new IpAddress();
  private readonly ipv6 = new IpAddress();
  private readonly macHigh: number;
  private readonly macLow: number;

  /** `random`: 40 bits, as a byte and a word. */
  constructor(
    private readonly queriers: Queriers,
    private readonly lastMember: LastMember,
    private readonly message: GroupMessage,
    private readonly out: OwnFrames,
    random: readonly [number, number],
  ) {
    this.macHigh = 0x0600 | (random[0] & 0xff);
    this.macLow = random[1] >>> 0;
    this.ipv6.words[0] = LINK_LOCAL;
    this.ipv6.words[2] = (MARK << 16) | this.macHigh;
    this.ipv6.words[3] = this.macLow;
    this.ipv4.words[2] = MARK;
    this.bare.words[2] = MARK;
  }

  get isOn(): boolean {
    return this.settings !== null;
  }

  /** null: no longer a querier. */
  configure(settings: QuerierSettings | null): void {
    const before = this.settings;
    if (before?.intervalS === settings?.intervalS && before?.address === settings?.address) return;
    this.settings = settings;
    this.ipv4.words[3] = settings?.address ?? 0;
    this.nextAt.fill(0);
    this.startup.fill(STARTUP_QUERIES);
    this.lastMember.clear();
    for (let row = 0; row < this.queriers.rows; row++) if (this.isOurs(row)) this.queriers.forget(row);
  }

  /** Whether this switch is the querier of a VLAN and family now. */
  asks(row: number, now: number): boolean {
    return this.settings !== null && this.queriers.isPresent(row, now) && this.isOurs(row);
  }

  /** Somebody spoke of groups in a VLAN. */
  spokenIn(vlan: number): void {
    if (this.settings === null || this.vlans.includes(vlan) || this.vlans.length >= MOST_VLANS) return;
    this.vlans.push(vlan);
  }

  /** A port has come: those behind it are to be asked soon. */
  portOpened(now: number): void {
    for (let index = 0; index < this.vlans.length * FAMILIES; index++) {
      const row = this.rowAt(index);
      if (!this.asks(row, now)) continue;
      const soon = Math.max(now, this.queriers.lastAsked(row) + LEAST_PAUSE_US);
      this.nextAt[index] = Math.min(this.nextAt[index], soon);
    }
  }

  /** Sends what is due. */
  tick(now: number): void {
    if (this.settings === null) return;
    for (let index = 0; index < this.vlans.length * FAMILIES; index++) this.askAll(index, now);
    for (let row = this.lastMember.due(now); row >= 0; row = this.lastMember.due(now)) {
      const group = this.lastMember.groupOf(row);
      const vlan = this.lastMember.vlanOf(row);
      const family = group.isIpv4 ? FAMILY.IPV4 : FAMILY.IPV6;
      const asked = querierRow(vlan, family);
      if (this.asks(asked, now)) this.send(asked, group, now);
    }
  }

  private askAll(index: number, now: number): void {
    const row = this.rowAt(index);
    if (this.queriers.isPresent(row, now) && !this.isOurs(row)) {
      this.nextAt[index] = now;
      this.startup[index] = STARTUP_QUERIES;
      return;
    }
    if (now < this.nextAt[index]) return;
    const interval = (this.settings as QuerierSettings).intervalS * SECOND;
    const isStart = this.startup[index] > 0;
    if (isStart) this.startup[index]--;
    this.nextAt[index] = now + (isStart ? interval / 4 : interval);
    this.send(row, this.generalOf(row), now);
  }

  /** Asks all hosts of a VLAN and family in place of the querier, whose interval this tells. */
  askFor(row: number, now: number): void {
    const group = this.generalOf(row);
    const source = row % FAMILIES === FAMILY.IPV6 ? this.ipv6 : this.bare;
    // A sixteenth more, since the code of an interval rounds down.
    const intervalS = Math.min(
      LONGEST_INTERVAL_S,
      Math.ceil(((17 / 16) * this.queriers.hold(row)) / (2 * SECOND)),
    );
    this.ask(row, { group, source, responseUs: SOLICITED_RESPONSE_US, intervalS }, now);
  }

  private send(row: number, group: IpAddress, now: number): void {
    const { intervalS } = this.settings as QuerierSettings;
    const source = row % FAMILIES === FAMILY.IPV6 ? this.ipv6 : this.ipv4;
    const responseUs = group.isUnspecified
      ? Math.min(RESPONSE_US, (intervalS * SECOND) / 2)
      : LAST_MEMBER_INTERVAL_US;
    this.ask(row, { group, source, responseUs, intervalS }, now);
  }

  private ask(row: number, question: Question, now: number): void {
    const { bytes, frame, message, queriers, macHigh, macLow } = this;
    const { source } = question;
    const family = row % FAMILIES;
    const vlan = (row - family) / FAMILIES;
    const length = writeQuery(bytes, { ...question, vlan, isIpv6: family === FAMILY.IPV6, macHigh, macLow });
    // Read like anybody's, so that what this switch believes is what it said.
    message.read(bytes, frame.place(0, length), vlan === 0 ? 14 : 18);
    const asker: Asker = { port: OWN, address: source, macHigh, macLow };
    queriers.heard(row, asker, message, now);
    this.out.flood(bytes, length, now);
  }

  /** The address of a question about all groups. */
  private generalOf(row: number): IpAddress {
    this.general.copy(this.bare);
    if (row % FAMILIES === FAMILY.IPV6) this.general.words[2] = 0;
    return this.general;
  }

  private rowAt(index: number): number {
    const family = index % FAMILIES;
    return querierRow(this.vlans[(index - family) / FAMILIES], family);
  }

  private isOurs(row: number): boolean {
    return this.queriers.port[row] === OWN;
  }
}
