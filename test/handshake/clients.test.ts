/** Clients: admitted when they call, never called, and given up some time after their last session. */
import { describe, expect, it } from 'vitest';
import { isJoin } from '../../src/crypto/handshake-messages.js';
import { KEY_BYTES } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { ClientTable } from '../../src/handshake/admission.js';
import { CertifiedTable, judgeCertificate } from '../../src/handshake/certified.js';
import { asKey } from '../../src/handshake/recent-set.js';
import { authorityKeys, signCertificate } from '../../src/member/certificate.js';
import { MILLISECOND, originOf, SECOND, World } from './world.js';

const CLIENT = 1;

/** A server that admits host 1, and that host. */
function serverAndClient(seed: number) {
  const world = new World(seed);
  const table = new ClientTable();
  let places = 1;
  const server = world.addHost({
    clients: {
      judge: (publicKey) => table.withKey(asKey(publicKey)) ?? 'unknown-peer',
      takeId: () => (places-- > 0 ? CLIENT : null),
      certify: () => false,
      certificate: () => null,
    },
  });
  const client = world.addHost();
  const memory = { lastTimestamp: -1 };
  table.add({ name: 'alice', key: asKey(client.keys.publicKey), line: 1, memory });
  const call = () =>
    client.perform(
      client.handshaker.addPeer({ id: 0, publicKey: server.keys.publicKey, mayInitiate: true }, world.now),
    );
  const actions = (kind: string) => server.actions.filter((action) => action.kind === kind);
  return { world, server, client, memory, call, actions, giveBack: () => places++ };
}

it('a client is admitted before its session is installed, and keeps it by its own handshakes', () => {
  const { world, server, client, call, actions } = serverAndClient(1);
  call();
  world.run(world.now + 2 * SECOND);
  expect(world.agree(server, client)).toBe(true);
  const kinds = server.actions.map(({ kind }) => kind);
  expect(kinds.indexOf('admit-client')).toBeLessThan(kinds.indexOf('install-session'));
  expect(actions('admit-client')).toMatchObject([{ peer: CLIENT, client: { name: 'alice' } }]);
  world.run(world.now + 1000 * SECOND);
  expect(world.agree(server, client)).toBe(true);
  expect(actions('admit-client')).toHaveLength(1);
  expect(actions('send-to-peer')).toEqual([]);
});

it('a client that falls silent is not called, and is released a minute after its last session', () => {
  const { world, server, memory, call, actions } = serverAndClient(2);
  call();
  world.run(world.now + 2 * SECOND);
  world.wire = () => undefined;
  server.perform(server.handshaker.linksDown(CLIENT, world.now));
  world.run(world.now + 180 * SECOND);
  expect(actions('release-client')).toEqual([]);
  world.run(world.now + 80 * SECOND);
  expect(actions('release-client')).toEqual([{ kind: 'release-client', peer: CLIENT }]);
  expect(actions('send-to-peer')).toEqual([]);
  expect(server.sessions.size).toBe(0);
  expect(server.handshaker.nextDeadline()).toBeUndefined();
  expect(memory.lastTimestamp).toBeGreaterThan(0);
});

it('what a client said once costs nothing when a stranger says it after its release', () => {
  const { world, server, call, actions, giveBack } = serverAndClient(3);
  world.wire = () => undefined;
  call();
  world.run(world.now + SECOND / 4);
  const withheld = world.recorded.filter(({ to }) => to === 0);
  expect(withheld).toHaveLength(1);
  world.wire = () => 1000;
  world.run(world.now + 2 * SECOND);
  world.wire = () => undefined;
  world.run(world.now + 300 * SECOND);
  expect(actions('release-client')).toHaveLength(1);
  giveBack();
  for (const { from, bytes } of withheld) {
    server.perform(server.receive(bytes, originOf(from, 0), world.now, false));
  }
  expect(actions('admit-client')).toHaveLength(1);
  expect(server.handshaker.counters['handshake-replayed']).toBe(1);
});

it('a stranger, and a client without room, is refused and counted', () => {
  const { world, server, client, call } = serverAndClient(4);
  const other = world.addHost();
  other.perform(
    other.handshaker.addPeer({ id: 0, publicKey: server.keys.publicKey, mayInitiate: true }, world.now),
  );
  world.run(world.now + SECOND);
  expect(server.handshaker.counters['unknown-peer']).toBeGreaterThan(0);
  call();
  world.run(world.now + SECOND);
  expect(world.agree(server, client)).toBe(true);
  // Removed by its owner, it calls again, and there is no place left.
  server.perform(server.handshaker.removePeer(CLIENT));
  client.perform(client.handshaker.restart(0, world.now));
  world.run(world.now + SECOND);
  expect(server.handshaker.counters['clients-full']).toBeGreaterThan(0);
});

describe('a client that shows a certificate', () => {
  /** A server that knows an authority only, and a member with a certificate of it. */
  function serverAndMember(seed: number) {
    const world = new World(seed);
    const authority = authorityKeys(sodiumPrimitives, new Uint8Array(KEY_BYTES).fill(seed));
    const table = new CertifiedTable();
    const key = Buffer.from(authority.publicKey).toString('base64');
    const rules = { authorities: [{ key }], revokedKeys: [], nowMs: 1000 };
    const server = world.addHost({
      clients: {
        judge: (publicKey) => table.withKey(asKey(publicKey)) ?? 'unknown-peer',
        takeId: () => CLIENT,
        certify(publicKey, request) {
          const client = judgeCertificate(sodiumPrimitives, publicKey, request, rules);
          return typeof client !== 'string' && table.enlist(client, 1000) === null;
        },
        certificate: () => null,
      },
    });
    const clients = {
      judge: () => 'unknown-peer' as const,
      takeId: () => null,
      certify: () => false,
    };
    let text: string | null = null;
    const member = world.addHost({ clients: { ...clients, certificate: () => text } });
    const { publicKey } = member.keys;
    const said = { name: 'osaka', publicKey, issuedMs: 0, expiresMs: 2000, groups: [] };
    text = signCertificate(sodiumPrimitives, said, authority);
    const call = () =>
      member.perform(
        member.handshaker.addPeer({ id: 0, publicKey: server.keys.publicKey, mayInitiate: true }, world.now),
      );
    return { world, server, member, table, call };
  }

  it('has a session after its first call, also by a server under load', () => {
    for (const underLoad of [false, true]) {
      const { world, server, member, call } = serverAndMember(11);
      server.underLoad = underLoad;
      call();
      world.run(world.now + 200 * MILLISECOND);
      expect([underLoad, world.agree(server, member)]).toEqual([underLoad, true]);
    }
  });

  it('shows it again to a server that has forgotten it, and not while it is known', () => {
    const { world, server, member, table, call } = serverAndMember(12);
    const shown = () => world.recorded.filter(({ bytes }) => isJoin(bytes, 'JOIN_REQUEST')).length;
    call();
    world.run(world.now + 300 * SECOND);
    expect(world.agree(server, member)).toBe(true);
    expect(shown()).toBe(1);
    table.judgeAgain({ authorities: [], revokedKeys: [], nowMs: 1000 });
    server.crash();
    member.perform(member.handshaker.linksDown(0, world.now));
    world.run(world.now + 10 * SECOND);
    expect(shown()).toBeGreaterThan(1);
    expect(world.agree(server, member)).toBe(true);
  });
});
