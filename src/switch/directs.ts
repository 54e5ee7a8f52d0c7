/**
 * Direct peers as ports of the switch. A direct peer is a client of the same server, which has introduced it. Server and
 * direct peers are ways into one and the same LAN: no frame passes between them, what is flooded takes one of them only, and
 * a station that a direct peer has is not sought at the server because the server floods what it says.
 */
import { Columns, int32, uint8 } from '../base/columns.js';
import { type DirectSettings, NOT_DIRECT, ROLE } from '../contract/directs.js';

/** Answers of `moved`. */
export const TURN = { OTHER: 0, TO_DIRECT: 1, TO_SERVER: 2 } as const;

/** Stations told of in so long a time; of more, direct peers learn by and by. */
const MOST_TOLD = 64;
const WINDOW_US = 100_000;
/** Words of a station that came or left: VLAN, address in two words, 1 when it is here now. */
export const STATION = { VLAN: 0, HIGH: 1, LOW: 2, IS_HERE: 3, WORDS: 4 } as const;
const ONE_LAN = ROLE.SERVER | ROLE.DIRECT;

export class Directs {
  /** Bits of `ROLE` by peer. */
  private roles = uint8();
  /** The server that introduced it, by peer. */
  private servers = int32(NOT_DIRECT.server);
  private readonly columns = new Columns(this, 'peers');
  /** Rows of servers, and of direct peers. */
  readonly serverRows: number[] = [];
  readonly rows: number[] = [];
  /** Peers that we introduce. */
  clients = 0;
  /** Stations that have come to our TAP or left it, of which direct peers have not been told: rows of `STATION`. */
  readonly changes = new Int32Array(MOST_TOLD * STATION.WORDS);
  changeCount = 0;
  private noted = 0;
  private windowAt = 0;

  /** Whether there is any direct peer. */
  get isOn(): boolean {
    return this.rows.length > 0;
  }

  set(peer: number, { roles, server }: DirectSettings): void {
    this.peerRemoved(peer);
    if (roles === 0) return;
    this.columns.ensure(peer + 1);
    this.roles[peer] = roles;
    this.servers[peer] = server;
    if ((roles & ROLE.SERVER) !== 0) this.serverRows.push(peer);
    if ((roles & ROLE.DIRECT) !== 0) this.rows.push(peer);
    if ((roles & ROLE.CLIENT) !== 0) this.clients++;
  }

  peerRemoved(peer: number): void {
    const roles = this.rolesOf(peer);
    if (roles === 0) return;
    if ((roles & ROLE.SERVER) !== 0) this.serverRows.splice(this.serverRows.indexOf(peer), 1);
    if ((roles & ROLE.DIRECT) !== 0) this.rows.splice(this.rows.indexOf(peer), 1);
    if ((roles & ROLE.CLIENT) !== 0) this.clients--;
    this.columns.reset(peer);
  }

  /** Bits of `ROLE`. */
  rolesOf(peer: number): number {
    return peer >= 0 && peer < this.columns.capacity ? this.roles[peer] : 0;
  }

  isDirect(peer: number): boolean {
    return (this.rolesOf(peer) & ROLE.DIRECT) !== 0;
  }

  /** The server that introduced a direct peer. */
  serverOf(peer: number): number {
    return this.servers[peer];
  }

  /** Whether two peers are ways into one LAN, so that frames of one are not for the other. */
  isOneLan(a: number, b: number): boolean {
    return (this.rolesOf(a) & ONE_LAN) !== 0 && (this.rolesOf(b) & ONE_LAN) !== 0;
  }

  /** Whether both are clients that may be introduced to each other. */
  areClients(a: number, b: number): boolean {
    return (this.rolesOf(a) & this.rolesOf(b) & ROLE.CLIENT) !== 0;
  }

  /** A station that is at one port was heard at another. Returns what that is, one of `TURN`. */
  moved(vlanHigh: number, low: number, from: number, to: number, now: number): number {
    if (from < 0 || to < 0) this.note(vlanHigh, low, to < 0, now);
    const before = this.rolesOf(from);
    const after = this.rolesOf(to);
    if ((before & ROLE.DIRECT) !== 0 && (after & ROLE.SERVER) !== 0) return TURN.TO_SERVER;
    return (before & ROLE.SERVER) !== 0 && (after & ROLE.DIRECT) !== 0 ? TURN.TO_DIRECT : TURN.OTHER;
  }

  /** A station is behind our TAP now, or was and is elsewhere. `vlanHigh`: its VLAN and the first 16 bits of its address. */
  note(vlanHigh: number, low: number, isHere: boolean, now: number): void {
    if (now - this.windowAt >= WINDOW_US) {
      this.windowAt = now;
      this.noted = 0;
    }
    if (this.noted === MOST_TOLD || this.changeCount === MOST_TOLD) return;
    this.noted++;
    const at = this.changeCount++ * STATION.WORDS;
    this.changes[at + STATION.VLAN] = vlanHigh >>> 16;
    this.changes[at + STATION.HIGH] = vlanHigh & 0xffff;
    this.changes[at + STATION.LOW] = low;
    this.changes[at + STATION.IS_HERE] = isHere ? 1 : 0;
  }
}
