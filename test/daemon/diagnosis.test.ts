import { describe, expect, it } from 'vitest';
import type { LinkCause, LinkState } from '../../src/api/link-states.js';
import { LINK, SharedStats } from '../../src/contract/stats.js';
import { diagnose } from '../../src/daemon/answers/peer-diagnosis.js';
import { describeChange } from '../../src/daemon/interfaces/describe-change.js';
import {
  type LinkEntry,
  type PeerEntries,
  type PeerEntry,
  PeerLinks,
} from '../../src/daemon/interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { NO_SOCKETS } from '../../src/daemon/interfaces/udp-sockets.js';
import { Unreachables } from '../../src/daemon/interfaces/unreachables.js';
import type { HandshakeReason } from '../../src/handshake/reasons.js';
import { HandshakeRecord } from '../../src/handshake/record.js';
import { noteOtherId, noteRefusal } from '../../src/link/life/hindrances.js';
import { PATH } from '../../src/native/ops.js';
import { FACTS } from '../link/facts.js';

const NOW = 1_000_000_000;
const EPERM = -1;
const ADDRESS = new Uint8Array([10, 91, 0, 2]);
const KEY = 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=';

function path(address: Uint8Array): number[] {
  const words = new Array<number>(PATH.WORDS).fill(0);
  words[PATH.FAMILY] = 4;
  words[PATH.PORT] = 7700;
  words[PATH.ADDR] = new Int32Array(address.slice().buffer)[0];
  return words;
}

const ORIGIN = path(ADDRESS);

interface Scene {
  remote?: 'address' | 'dynamic';
  state?: LinkState;
  cause?: LinkCause;
  session?: boolean;
  links?: number;
}

function scene({ remote = 'address', state = 'down', cause, session = false, links = 1 }: Scene = {}) {
  const record = new HandshakeRecord();
  const stats = new SharedStats({ peers: 4, links: 2 });
  const unreachables = new Unreachables({ send: () => {} }, { links: {} as PeerEntries['links'] });
  const runtime = {
    datapath: { stats },
    publicKey: 'OURS',
    name: 'octo0',
    config: { name: 'octo0', peers: [], addresses: [], disabledOffloads: [], mtu: 1400 },
    handshakes: { record, sessionOf: () => (session ? {} : null) },
    unreachables,
  } as unknown as InterfaceRuntime;
  const entry = (id: number): LinkEntry => ({
    row: id,
    config: { id, remote: remote === 'dynamic' ? { kind: remote } : { kind: remote, address: '', port: 0 } },
    sockets: NO_SOCKETS,
    configuredPath: remote === 'dynamic' ? path(new Uint8Array(4)).fill(0) : path(ADDRESS),
    otherPath: null,
    isLearned: false,
    routeMtu: null,
    routeDevice: null,
    drained: false,
    state,
    cause: cause ?? null,
    detail: cause === undefined ? null : describeChange(state, cause, FACTS),
  });
  const peer: PeerEntry = {
    row: 3,
    client: null,
    introduction: null,
    config: { name: 'osaka', publicKey: KEY, links: [] },
    links: new PeerLinks(),
    admitted: true,
    up: false,
    changedUs: null,
    lostBy: null,
    tapMtu: 0,
  };
  for (let id = 0; id < links; id++) peer.links.add(entry(id));
  return { record, peer, stats, unreachables, told: () => diagnose(runtime, peer, NOW) };
}

describe('why a peer is down', () => {
  it('is nothing while it is up', () => {
    const { peer, told } = scene();
    peer.up = true;
    expect(told()).toBeNull();
  });

  it('is a TAP with another MTU while it is up, unless the peer does not say', () => {
    const { peer, told } = scene();
    peer.up = true;
    peer.tapMtu = 1500;
    expect(told()).toMatchObject({ cause: 'MTU 1400 here, 1500 there' });
    peer.tapMtu = 1400;
    expect(told()).toBeNull();
  });

  it('is the configuration, where that lacks something', () => {
    const { peer, told } = scene();
    peer.config = { ...peer.config, shutdown: true };
    expect(told()?.cause).toBe('shut down');
    peer.config = { name: 'osaka', links: [] };
    expect(told()?.advice).toBe('set "public-key" under peer osaka');
    peer.config = { name: 'osaka', publicKey: KEY, links: [] };
    peer.links = new PeerLinks();
    expect(told()?.cause).toBe('no links');
  });

  it('is silence: how many handshakes went where, and what that may mean', () => {
    const { record, told } = scene();
    expect(told()?.cause).toBe('starting');
    for (let sent = 0; sent < 14; sent++) record.sent(3);
    expect(told()).toEqual({
      cause: 'no answer',
      advice:
        '14 handshakes sent to 10.91.0.2:7700, none answered: UDP is blocked, the address is wrong, the peer does not run, or it has another key for us',
    });
    record.called(3, NOW - 1_000_000);
    expect(told()).toMatchObject({ cause: 'our answers are lost' });
  });

  it('is what a host or a router says by ICMP, with who says it and what to do', () => {
    const router = path(new Uint8Array([10, 91, 0, 254]));
    const from6 = [6, 0, ...router.slice(2)];
    const said: [from: number[], code: number, cause: string, words: string][] = [
      [ORIGIN, 3, 'port closed', '10.91.0.2 says of 10.91.0.2:7700: the UDP port is closed (ICMP); the peer'],
      [router, 9, 'forbidden', 'the network is forbidden (ICMP); let UDP pass there'],
      [router, 10, 'forbidden', '10.91.0.254 says of 10.91.0.2:7700: the host is forbidden'],
      [router, 13, 'forbidden', 'forbidden by a firewall (ICMP)'],
      [from6, 4, 'port closed', 'the UDP port is closed'],
      [from6, 1, 'forbidden', 'forbidden by a firewall'],
      [router, 1, 'unreachable', 'no route to the host (ICMP); check "remote"'],
    ];
    for (const [from, code, cause, words] of said) {
      const { record, unreachables, told } = scene();
      record.sent(3);
      unreachables.note(ORIGIN, { from, code, at: NOW - 1_000_000 });
      expect(told()).toEqual({ cause, advice: expect.stringContaining(words) });
    }
  });

  it('is not what was said long ago, of another end, or before the link was heard', () => {
    const { record, unreachables, stats, told } = scene();
    record.sent(3);
    const closed = { from: ORIGIN, code: 3 };
    unreachables.note(ORIGIN, { ...closed, at: NOW - 61_000_000 });
    unreachables.note(path(new Uint8Array([10, 91, 0, 3])), { ...closed, at: NOW });
    expect(told()?.cause).toBe('no answer');
    unreachables.note(ORIGIN, { ...closed, at: NOW - 1_000_000 });
    expect(told()?.cause).toBe('port closed');
    stats.links[LINK.heardUs] = NOW - 500_000;
    expect(told()?.cause).toBe('no answer');
  });

  it('is said of one link while the peer is up by others', () => {
    const { peer, unreachables, told } = scene({ links: 2 });
    peer.up = true;
    const [one, two] = peer.links.values();
    one.state = 'up';
    two.otherPath = path(new Uint8Array([10, 92, 0, 2]));
    unreachables.note(ORIGIN, { from: ORIGIN, code: 3, at: NOW });
    expect(told()).toBeNull();
    unreachables.note(two.otherPath, { from: ORIGIN, code: 13, at: NOW });
    expect(told()).toMatchObject({ cause: 'link 1: forbidden' });
  });

  it('names the unknown key of a host at the address of the peer, or of one that calls a peer without address', () => {
    for (const remote of ['address', 'dynamic'] as const) {
      const { record, told } = scene({ remote });
      record.sent(3);
      const publicKey = new Uint8Array(Buffer.from(KEY, 'base64'));
      record.refused('unknown-peer', ORIGIN, { peer: null, publicKey }, NOW - 1_000_000);
      expect(told()?.advice).toBe(
        `a host at 10.91.0.2 uses the unknown key ${KEY}: compare it with "public-key" of the peer`,
      );
    }
    const { record, told } = scene();
    const elsewhere = path(new Uint8Array([10, 9, 9, 9]));
    record.refused('unknown-peer', elsewhere, { peer: null, publicKey: null }, NOW);
    expect(told()?.cause).toBe('starting');
  });

  it('says what our key is to a host that has another for us', () => {
    const { record, told } = scene();
    record.misaddressed(ORIGIN, NOW);
    expect(told()?.advice).toContain('there it should be OURS');
  });

  it.each<[HandshakeReason, string]>([
    ['handshake-replayed', 'its clock went back'],
    ['response-not-authentic', 'preshared key'],
    ['no-common-aead', 'no common AEAD'],
  ])('is what was refused of it lately: %s', (reason, cause) => {
    const { record, told } = scene();
    record.sent(3);
    record.refused(reason, ORIGIN, { peer: 3, publicKey: null }, NOW - 1_000_000);
    expect(told()?.cause).toBe(cause);
    record.refused(reason, ORIGIN, { peer: 3, publicKey: null }, NOW - 100_000_000);
    expect(told()?.cause).toBe('no answer');
  });

  it('is one direction that is blocked', () => {
    const { told } = scene({ state: 'one-way', cause: 'beats-heard', session: true });
    expect(told()?.advice).toBe('we hear the peer, it does not hear us: check UDP towards 10.91.0.2:7700');
  });

  it('is what this host refuses to send, as long as it does', () => {
    const { stats, told } = scene({ state: 'one-way', cause: 'beats-heard', session: true });
    noteRefusal(stats, 0, EPERM, NOW - 1_000_000);
    expect(told()).toEqual({
      cause: 'refused by this host',
      advice: expect.stringContaining('this host refuses to send to 10.91.0.2:7700 (EPERM): a firewall'),
    });
    noteRefusal(stats, 0, EPERM, NOW - 4_000_000);
    expect(told()?.cause).toBe('does not hear us');
  });

  it('is a link that has another id at the other end', () => {
    const { stats, told } = scene({ links: 2, session: true });
    noteOtherId(stats, 1, 5, NOW);
    expect(told()).toEqual({
      cause: 'link ids differ',
      advice: 'the peer calls link 5 what is link 1 here: both ends need the same number for it',
    });
  });

  it('is no stranger that was there before the peer', () => {
    const { record, told } = scene();
    record.refused('unknown-peer', ORIGIN, { peer: null, publicKey: null }, NOW - 2_000_000);
    expect(told()?.cause).toBe('unknown key');
    record.answered(3, NOW - 1_000_000);
    record.sent(3);
    expect(told()?.cause).toBe('no answer');
  });

  it.each([true, false])('is a key that two hosts use, whether it is up (%s) or not', (up) => {
    const { record, peer, told } = scene();
    peer.up = up;
    const other = path(new Uint8Array([10, 91, 0, 3]));
    const paths = [ORIGIN, other].map((words) => ({ socket: 0, words }));
    record.sharedKey(3, [paths[0], paths[1]], NOW - 1_000_000);
    record.called(3, NOW);
    expect(told()).toEqual({
      cause: 'key on two hosts',
      advice:
        'two hosts use the key of peer osaka in turn, 10.91.0.2 and 10.91.0.3: give one of them a key of its own',
    });
    record.sharedKey(3, [paths[0], paths[1]], NOW - 100_000_000);
    expect(told()?.cause).toBe(up ? undefined : 'our answers are lost');
  });

  it('is the goodbye of the peer, though one of its links had never been up', () => {
    const { record, peer, told } = scene({ cause: 'peer-said-goodbye', links: 2 });
    record.called(3, NOW - 1_000_000);
    Object.assign(peer.links.get(1)!, { cause: null, detail: null });
    expect(told()?.cause).toBe('said goodbye');
  });

  it('is a link that keeps going down, though the peer is up', () => {
    const { peer, told } = scene({ state: 'damped', cause: 'flapping' });
    peer.up = true;
    expect(told()?.cause).toBe('link 0 flapping');
  });

  it('is the underlay, when every link lost its own', () => {
    const { record, told } = scene({ cause: 'carrier-lost', links: 2 });
    record.sent(3);
    expect(told()).toMatchObject({ cause: 'carrier lost' });
    expect(told()?.advice).toMatch(/^link 0 down: the local interface lost its carrier/);
  });

  it('is a goodbye, until the peer is heard again', () => {
    const { record, told } = scene({ cause: 'peer-said-goodbye', links: 2 });
    record.sent(3);
    expect(told()).toMatchObject({ cause: 'said goodbye' });
  });

  it('is that a peer which must call has not', () => {
    expect(scene({ remote: 'dynamic', state: 'waiting' }).told()?.cause).toBe('has not called');
  });
});
