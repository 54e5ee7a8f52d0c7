import { describe, expect, it } from 'vitest';
import type { Address, InterfaceFacts } from '../../src/link/life/interfaces.js';
import { type LocalWish, type PlaceCause, Places, type RemoteWish } from '../../src/link/life/place.js';
import { ANY, linkLocal, TAP, v4, v6 } from './place-model.js';

const LINK = 0;
const OURS = v4(10, 91, 0, 1);
const PEER = v4(10, 91, 0, 2);

const at = (address: Address, scope: string | null = null): RemoteWish => ({
  kind: 'address',
  address,
  scope,
});
const from = (address: Address, scope: string | null = null): LocalWish => ({
  kind: 'address',
  address,
  scope,
});
const device = (name: string, more: Partial<InterfaceFacts> = {}): InterfaceFacts => ({
  ...{ name, running: true, master: 0, lower: 0, isVrf: false },
  ...more,
});

/** A host with two uplinks, 10 and 11, whose kernel has told everything, and one link. */
function host(local: LocalWish, remote: RemoteWish = at(PEER)): Places {
  const places = new Places(TAP);
  places.dumpBegins();
  places.linkIs(TAP, device('octo0'));
  places.linkIs(10, device('va0'));
  places.linkIs(11, device('va1'));
  places.address(10, OURS, true);
  places.address(10, v6(1), true);
  places.address(10, linkLocal(1), true);
  places.dumpEnds();
  places.configure(LINK, { local, remote });
  places.settle();
  return places;
}

const causeOf = (places: Places) => {
  places.settle();
  return places.of(LINK)?.cause;
};
const bindingOf = (places: Places) => {
  places.settle();
  return places.of(LINK)?.binding;
};

describe('before the kernel has told everything', () => {
  it('nothing is said of a link, neither good nor bad', () => {
    const places = new Places(TAP);
    places.configure(LINK, { local: { kind: 'interface', name: 'va0' }, remote: at(PEER) });
    places.dumpBegins();
    expect(places.settle()).toEqual([]);
    expect(places.of(LINK)).toBeNull();
    places.linkIs(10, device('va0'));
    places.dumpEnds();
    expect(places.settle()).toMatchObject([{ link: LINK, place: { cause: null, binding: { device: 10 } } }]);
    expect(places.settle()).toEqual([]);
  });
});

describe('a link bound to an interface', () => {
  const bound: LocalWish = { kind: 'interface', name: 'va0' };

  it('follows the name to the interface that bears it', () => {
    const places = host(bound);
    expect(bindingOf(places)).toEqual({ address: null, device: 10, source: null, scope: 0 });
    places.linkIsGone(10);
    expect(causeOf(places)).toBe('interface-absent');
    expect(bindingOf(places)).toBeNull();
    places.linkIs(17, device('va0', { running: false }));
    expect(causeOf(places)).toBe('no-carrier');
    places.linkIs(17, device('va0'));
    expect(causeOf(places)).toBeNull();
    expect(bindingOf(places)?.device).toBe(17);
  });

  it('leaves an interface that gives up the name for one that takes it', () => {
    const places = host(bound);
    places.linkIs(10, device('old0'));
    expect(causeOf(places)).toBe('interface-absent');
    places.linkIs(11, device('va0'));
    expect(bindingOf(places)?.device).toBe(11);
  });

  it('takes a name that goes over from one interface to another in the other order', () => {
    const places = host(bound);
    places.linkIs(11, device('va0'));
    places.linkIs(10, device('old0'));
    expect(bindingOf(places)?.device).toBe(11);
  });
});

describe('a link bound to an address', () => {
  it('waits while nobody holds it, and for carrier while no holder has any', () => {
    const places = host(from(OURS));
    expect(causeOf(places)).toBeNull();
    places.address(11, OURS, true);
    places.address(10, OURS, false);
    expect(causeOf(places)).toBeNull();
    places.linkIs(11, device('va1', { running: false }));
    expect(causeOf(places)).toBe('no-carrier');
    places.address(11, OURS, false);
    expect(causeOf(places)).toBe('address-absent');
    places.address(10, OURS, true);
    expect(causeOf(places)).toBeNull();
  });

  it('outlives an address that comes and goes elsewhere', () => {
    const places = host(from(OURS));
    places.address(11, OURS, true);
    places.address(11, OURS, false);
    expect(causeOf(places)).toBeNull();
  });

  it('loses its address with the interface', () => {
    const places = host(from(OURS));
    places.linkIsGone(10);
    expect(causeOf(places)).toBe('address-absent');
    expect(bindingOf(places)?.address).toEqual(OURS);
  });

  it('takes the scope of a link-local address from its holder, or from its name', () => {
    const places = host(from(linkLocal(1)), at(linkLocal(2)));
    expect(bindingOf(places)?.scope).toBe(10);
    places.address(11, linkLocal(1), true);
    places.linkIs(10, device('va0', { running: false }));
    expect(bindingOf(places)?.scope).toBe(11);
    places.configure(LINK, { local: from(linkLocal(1), 'va0'), remote: at(linkLocal(2)) });
    expect(causeOf(places)).toBe('no-carrier');
    expect(bindingOf(places)?.scope).toBe(10);
  });
});

describe('a link by the routing table', () => {
  it('follows it, and pins nothing', () => {
    const places = host(ANY);
    expect(bindingOf(places)).toEqual({ address: null, device: 0, source: null, scope: 0 });
    places.route(LINK, { kind: 'via', ifindex: 10 });
    places.linkIs(10, device('va0', { running: false }));
    expect(causeOf(places)).toBe('no-carrier');
    places.route(LINK, { kind: 'via', ifindex: 11 });
    expect(causeOf(places)).toBeNull();
    expect(bindingOf(places)).toMatchObject({ device: 0, scope: 0 });
    places.route(LINK, { kind: 'none' });
    expect(causeOf(places)).toBe('no-route');
  });

  it('keeps the address that the peer talks to for as long as the host has it', () => {
    const places = host(ANY);
    places.aim(LINK, { remote: v4(10, 91, 0, 77), local: OURS, ifindex: 10 });
    expect(bindingOf(places)).toEqual({ address: null, device: 0, source: OURS, scope: 0 });
    places.linkIs(10, device('va0', { running: false }));
    places.linkIs(10, device('va0'));
    expect(causeOf(places)).toBeNull();
    places.address(10, OURS, false);
    expect(causeOf(places)).toBeNull();
    expect(bindingOf(places)?.source).toBeNull();
    places.address(11, OURS, true);
    expect(bindingOf(places)?.source).toEqual(OURS);
  });

  it('reaches a link-local end by the interface that is named, heard, or else not at all', () => {
    const places = host(ANY, at(linkLocal(2), 'va1'));
    expect(bindingOf(places)?.scope).toBe(11);
    places.configure(LINK, { local: ANY, remote: { kind: 'dynamic' } });
    expect(causeOf(places)).toBe('path-unknown');
    places.aim(LINK, { remote: linkLocal(2), local: linkLocal(1), ifindex: 10 });
    expect(bindingOf(places)?.scope).toBe(10);
    places.linkIsGone(10);
    expect(causeOf(places)).toBe('interface-absent');
  });
});

describe('a remote end that is not known', () => {
  it.each<[RemoteWish, PlaceCause]>([
    [{ kind: 'dynamic' }, 'path-unknown'],
    [{ kind: 'name' }, 'name-unresolved'],
  ])('%j leaves a socket to be called at', (remote, cause) => {
    const places = host(from(OURS), remote);
    expect(causeOf(places)).toBe(cause);
    expect(bindingOf(places)?.address).toEqual(OURS);
    places.aim(LINK, { remote: PEER, local: null, ifindex: 0 });
    expect(causeOf(places)).toBeNull();
    places.aim(LINK, null);
    expect(causeOf(places)).toBe(cause);
  });
});

describe('a kernel without IPv6', () => {
  it('stops links that need it, and no others', () => {
    for (const [local, remote, cause] of [
      [ANY, at(v6(2)), 'no-ipv6'],
      [from(v6(1)), { kind: 'dynamic' }, 'no-ipv6'],
      [ANY, { kind: 'dynamic' }, 'path-unknown'],
      [ANY, at(PEER), null],
    ] as const) {
      const places = host(local, remote);
      places.ipv6(false);
      expect(causeOf(places), JSON.stringify([local, remote])).toBe(cause);
      places.ipv6(true);
      expect(causeOf(places)).not.toBe('no-ipv6');
    }
  });
});

describe('a route into the tunnel itself', () => {
  it('is found whatever stands on the TAP', () => {
    const places = host(ANY);
    places.linkIs(20, device('octo0.5', { lower: TAP }));
    places.linkIs(21, device('br0'));
    places.linkIs(22, device('vrf0', { isVrf: true }));
    places.route(LINK, { kind: 'via', ifindex: TAP });
    expect(causeOf(places)).toBe('recursive-route');
    places.route(LINK, { kind: 'via', ifindex: 20 });
    expect(causeOf(places)).toBe('recursive-route');
    places.route(LINK, { kind: 'via', ifindex: 21 });
    expect(causeOf(places)).toBeNull();
    places.linkIs(TAP, device('octo0', { master: 21 }));
    expect(causeOf(places)).toBe('recursive-route');
    // Frames for the peer may leave the bridge by this port.
    places.linkIs(11, device('va1', { master: 21 }));
    expect(causeOf(places)).toBeNull();
    places.linkIs(11, device('va1'));
    places.linkIs(TAP, device('octo0', { master: 22 }));
    places.route(LINK, { kind: 'via', ifindex: 22 });
    expect(causeOf(places)).toBeNull();
  });

  it('is none for two interfaces that name each other', () => {
    const places = host(ANY);
    places.linkIs(30, device('veth0', { lower: 31 }));
    places.linkIs(31, device('veth1', { lower: 30 }));
    places.route(LINK, { kind: 'via', ifindex: 30 });
    expect(causeOf(places)).toBeNull();
  });

  it('is not refuted by what is heard', () => {
    const places = host(ANY);
    places.route(LINK, { kind: 'via', ifindex: TAP });
    places.settle();
    places.heard(LINK);
    expect(causeOf(places)).toBe('recursive-route');
  });
});

describe('a beat', () => {
  it('is stronger than what the kernel said before it, and weaker than what it says afterwards', () => {
    const places = host(from(OURS));
    places.address(10, OURS, false);
    expect(causeOf(places)).toBe('address-absent');
    places.heard(LINK);
    expect(causeOf(places)).toBeNull();
    places.address(11, OURS, true);
    expect(causeOf(places)).toBeNull();
    places.address(11, OURS, false);
    expect(causeOf(places)).toBe('address-absent');
  });

  it('cannot make a socket for an interface that is not there', () => {
    const places = host({ kind: 'interface', name: 'wwan0' });
    places.heard(LINK);
    expect(causeOf(places)).toBe('interface-absent');
  });

  it('says nothing of another remote end', () => {
    const places = host(ANY);
    places.route(LINK, { kind: 'none' });
    places.settle();
    places.heard(LINK);
    expect(causeOf(places)).toBeNull();
    places.aim(LINK, { remote: v4(10, 91, 0, 9), local: null, ifindex: 0 });
    places.route(LINK, { kind: 'none' });
    expect(causeOf(places)).toBe('no-route');
  });
});

describe('a dump of the kernel', () => {
  it('forgets what it does not name', () => {
    const places = host(from(OURS));
    places.dumpBegins();
    places.linkIs(TAP, device('octo0'));
    places.linkIs(10, device('va0'));
    places.dumpEnds();
    expect(causeOf(places)).toBe('address-absent');
    places.dumpBegins();
    places.dumpEnds();
    expect(places.settle()).toEqual([]);
    expect(causeOf(places)).toBe('address-absent');
  });
});
