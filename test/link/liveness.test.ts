/** Silence is excused for as long as this thread was late since a link was heard, and no longer. */
import { describe, expect, it } from 'vitest';
import type { DatapathEvent } from '../../src/contract/events.js';
import { STATE } from '../../src/contract/link-states.js';
import type { LinkSettings } from '../../src/contract/settings.js';
import { SharedStats } from '../../src/contract/stats.js';
import { ReplayWindows } from '../../src/crypto/replay.js';
import { LinkParts } from '../../src/link/life/parts.js';
import type { LinkBase } from '../../src/link/ports.js';
import { PATH } from '../../src/native/ops.js';
import { Arena, DEFAULT_ARENA } from '../../src/state/arena.js';
import { Datagram } from '../../src/state/datagram.js';
import { Drops } from '../../src/state/drops.js';
import { LinkTable } from '../../src/state/links.js';
import { Observer } from '../../src/state/observer.js';
import { PeerTable } from '../../src/state/peers.js';
import { SessionTable } from '../../src/state/sessions.js';
import { SocketTable } from '../../src/state/sockets.js';
import { TimerWheel } from '../../src/state/timer-wheel.js';
import { Directs } from '../../src/switch/directs.js';
import { KIND } from '../../src/wire/header.js';
import { HEARTBEAT } from '../../src/wire/heartbeat.js';
import { PATH_CHECK } from '../../src/wire/path-check.js';

const HOLD_US = 30_000;
const LINK: LinkSettings = {
  sockets: [0, 0],
  local: { kind: 'any' },
  path: [4, 5000, 1],
  zone: null,
  named: null,
  priority: 100,
  intervalUs: 10_000,
  holdUs: HOLD_US,
  mtu: 1500,
  routeMtu: 0,
  shutdown: false,
  parity: 0,
  upAfter: 5,
  paceByPeer: false,
  damping: null,
  drain: false,
  quality: null,
};
const BODY = 4096;

/** One link of one peer under a session, its messages kept instead of sent. */
class Host {
  readonly events: DatapathEvent[] = [];
  readonly tables = {
    peers: new PeerTable(),
    links: new LinkTable(),
    sessions: new SessionTable(new ReplayWindows()),
    sockets: new SocketTable(),
  };
  readonly base: LinkBase;
  readonly parts: LinkParts;
  private readonly arena = new Arena({ ...DEFAULT_ARENA, ownRings: 0, sharedRingBytes: 1 << 16 }, 0);

  constructor() {
    const stats = new SharedStats({ peers: 1, links: 1 });
    this.base = {
      tables: this.tables,
      stats,
      drops: new Drops(
        stats,
        this.arena.bytes,
        this.tables.links,
        new Observer(this.arena.bytes, this.tables, { now: 0 }),
      ),
      arena: this.arena,
      wheel: new TimerWheel(4, 0),
      ports: {
        messages: {
          open: (kind, length) => {
            this.arena.bytes.fill(0, 0, length);
            this.arena.bytes[0] = kind;
            return 0;
          },
          send: () => {},
          sendProbe: () => 0,
          sendProbeAnswer: () => {},
          sendByPath: () => {},
          flush: () => {},
        },
        resends: { strand: () => {}, resend: () => {}, resendWithin: () => {} },
        runs: { send: () => {}, sendMissing: () => {} },
        laneOrder: { highestBy: () => 0, broughtBy: () => 0, announced: () => {} },
        stations: {
          forget: () => {},
          left: () => {},
          fallBack: () => {},
          announce: () => {},
          announceOne: () => {},
          reached: () => {},
        },
        emit: (event) => this.events.push(event),
        random: (into) => into.fill(7),
      },
    };
    this.parts = new LinkParts(this.base, [1, 2], 2, new Directs());
    const { peers, links, sessions } = this.tables;
    peers.add(0, 'passive', 0, 0);
    this.parts.life.peerChanged(0, true, 0);
    links.configure(0, 0, 0, LINK);
    peers.setLink(0, 0, 0);
    this.parts.life.configure(0, LINK, true);
    this.parts.mtu.configure(0, LINK.mtu, 0, true);
    sessions.install(0, { peer: 0, localIndex: 0, remoteIndex: 0, sealKey: 0, openKey: 0, capabilities: 0 });
    peers.session[0] = 0;
    links.state[0] = STATE.UP;
  }

  /** A message about the link, from `port` of the peer's host. */
  hear(kind: number, port: number, now: number, write: (body: number) => void = () => {}): void {
    const datagram = new Datagram();
    this.arena.bytes.fill(0, BODY, BODY + HEARTBEAT.BYTES);
    this.arena.bytes[BODY] = kind;
    write(BODY);
    datagram.peer = 0;
    datagram.slot = 0;
    datagram.link = port === LINK.path[PATH.PORT] ? 0 : -1;
    datagram.socket = 0;
    datagram.paths = Int32Array.from({ length: PATH.WORDS }, (_, word) => LINK.path[word] ?? 0);
    datagram.paths[PATH.PORT] = port;
    datagram.body = BODY;
    datagram.end = BODY + HEARTBEAT.BYTES;
    datagram.now = now;
    this.parts.control.handle(datagram);
  }

  answerCheck(port: number, now: number): void {
    this.hear(KIND.PATH_ANSWER, port, now, (body) =>
      this.arena.bytes.fill(7, body + PATH_CHECK.TOKEN, body + PATH_CHECK.BYTES),
    );
  }
}

describe('liveness of a link', () => {
  it('excuses silence for as long as this thread was late', () => {
    const { liveness } = new Host().parts;
    liveness.heard(0, 1e6);
    liveness.stalled(5e6);
    expect(liveness.isHeard(0, 1e6 + 5e6 + HOLD_US - 1)).toBe(true);
    expect(liveness.isHeard(0, 1e6 + 5e6 + HOLD_US)).toBe(false);
    liveness.heard(0, 7e6);
    expect(liveness.deadlineOf(0)).toBe(7e6 + HOLD_US);
  });

  it('excuses nothing that was before a link moved to another address', () => {
    const host = new Host();
    const { liveness } = host.parts;
    const suspendedUs = 3600e6;
    liveness.heard(0, 1e6);
    liveness.stalled(suspendedUs);
    const now = 1e6 + suspendedUs + 100_000;
    host.hear(KIND.HEARTBEAT, 6000, now);
    host.answerCheck(6000, now + 1000);
    expect(host.events.map(({ kind }) => kind)).toContain('roamed');
    expect(liveness.deadlineOf(0)).toBe(now + 1000 + HOLD_US);
    expect(liveness.isHeard(0, now + 1000 + HOLD_US)).toBe(false);
  });
});
