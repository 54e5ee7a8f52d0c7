import { describe, expect, it } from 'vitest';
import type { Address, InterfaceFacts, LocalWish } from '../../src/contract/place.js';
import { Places } from '../../src/link/life/place.js';
import { ANY, linkLocal, TAP, v4, v6 } from './place-model.js';

const LINK = 0;
const OURS = v4(10, 91, 0, 1);
const PEER = v4(10, 91, 0, 2);

/** Of a link whose remote end has neither an interface nor a host name. */
const NO_NAME = { zone: null, name: null };
const from = (address: Address): LocalWish => ({ kind: 'address', address, zone: null });
const device = (name: string, more: Partial<InterfaceFacts> = {}): InterfaceFacts => ({
  ...{ names: [name], running: true, master: 0, lower: 0, isVrf: false },
  ...more,
});

const is = (places: Places, index: number, facts: InterfaceFacts) =>
  places.fact({ what: 'interface', index, facts });
const holds = (places: Places, index: number, address: Address, isPresent: boolean) =>
  places.fact({ what: 'address', index, address, isPresent, isDuplicate: false });

/** A host with two uplinks, 10 and 11, whose kernel has told everything, and one link. */
function host(local: LocalWish, remote: Address | null = PEER): Places {
  const places = new Places(TAP);
  places.fact({ what: 'begin' });
  is(places, TAP, device('octo0'));
  is(places, 10, device('va0'));
  is(places, 11, device('va1'));
  holds(places, 10, OURS, true);
  holds(places, 10, v6(1), true);
  holds(places, 10, linkLocal(1), true);
  places.fact({ what: 'end' });
  places.configure(LINK, { local, remote, ...NO_NAME });
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
    places.configure(LINK, { local: { kind: 'interface', name: 'va0' }, remote: PEER, ...NO_NAME });
    places.fact({ what: 'begin' });
    expect(places.settle()).toEqual([]);
    expect(places.of(LINK)).toBeNull();
    is(places, 10, device('va0'));
    places.fact({ what: 'end' });
    expect(places.settle()).toEqual([LINK]);
    expect(places.of(LINK)).toMatchObject({ cause: null, binding: { device: 10 } });
    expect(places.settle()).toEqual([]);
  });
});

describe('a link bound to an interface', () => {
  const bound: LocalWish = { kind: 'interface', name: 'va0' };

  it('follows the name to the interface that bears it', () => {
    const places = host(bound);
    expect(bindingOf(places)).toEqual({ device: 10, source: null, scope: 0 });
    places.fact({ what: 'interface-gone', index: 10 });
    expect(causeOf(places)).toBe('interface-absent');
    expect(bindingOf(places)).toBeNull();
    is(places, 17, device('va0', { running: false }));
    expect(causeOf(places)).toBe('no-carrier');
    is(places, 17, device('va0'));
    expect(causeOf(places)).toBeNull();
    expect(bindingOf(places)?.device).toBe(17);
  });

  it('leaves an interface that gives up the name for one that takes it', () => {
    const places = host(bound);
    is(places, 10, device('old0'));
    expect(causeOf(places)).toBe('interface-absent');
    is(places, 11, device('va0'));
    expect(bindingOf(places)?.device).toBe(11);
  });

  it('takes an alternative name for a name, until it is taken away', () => {
    const places = host({ kind: 'interface', name: 'enp3s0' });
    expect(causeOf(places)).toBe('interface-absent');
    is(places, 10, device('va0', { names: ['va0', 'enp3s0'] }));
    expect(bindingOf(places)?.device).toBe(10);
    is(places, 10, device('va0', { names: ['wan0', 'enp3s0'] }));
    expect(bindingOf(places)?.device).toBe(10);
    is(places, 10, device('va0', { names: ['wan0', 'va0'] }));
    expect(causeOf(places)).toBe('interface-absent');
  });

  it('takes a name that goes over from one interface to another in the other order', () => {
    const places = host(bound);
    is(places, 11, device('va0'));
    is(places, 10, device('old0'));
    expect(bindingOf(places)?.device).toBe(11);
  });
});

describe('a link bound to an address', () => {
  it('waits while nobody holds it, and for carrier while no holder has any', () => {
    const places = host(from(OURS));
    expect(causeOf(places)).toBeNull();
    holds(places, 11, OURS, true);
    holds(places, 10, OURS, false);
    expect(causeOf(places)).toBeNull();
    is(places, 11, device('va1', { running: false }));
    expect(causeOf(places)).toBe('no-carrier');
    holds(places, 11, OURS, false);
    expect(causeOf(places)).toBe('address-absent');
    holds(places, 10, OURS, true);
    expect(causeOf(places)).toBeNull();
  });

  it('outlives an address that comes and goes elsewhere', () => {
    const places = host(from(OURS));
    holds(places, 11, OURS, true);
    holds(places, 11, OURS, false);
    expect(causeOf(places)).toBeNull();
  });

  it('loses its address with the interface', () => {
    const places = host(from(OURS));
    places.fact({ what: 'interface-gone', index: 10 });
    expect(causeOf(places)).toBe('address-absent');
    expect(bindingOf(places)).not.toBeNull();
  });

  it('takes the scope of a link-local address from its holder', () => {
    const places = host(from(linkLocal(1)), linkLocal(2));
    expect(bindingOf(places)?.scope).toBe(10);
    holds(places, 11, linkLocal(1), true);
    is(places, 10, device('va0', { running: false }));
    expect(bindingOf(places)?.scope).toBe(11);
  });
});

describe('a link by the routing table', () => {
  it('follows it, and pins nothing', () => {
    const places = host(ANY);
    expect(bindingOf(places)).toEqual({ device: 0, source: null, scope: 0 });
    places.route(LINK, { kind: 'via', ifindex: 10 });
    is(places, 10, device('va0', { running: false }));
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
    expect(bindingOf(places)).toEqual({ device: 0, source: OURS, scope: 0 });
    is(places, 10, device('va0', { running: false }));
    is(places, 10, device('va0'));
    expect(causeOf(places)).toBeNull();
    holds(places, 10, OURS, false);
    expect(causeOf(places)).toBeNull();
    expect(bindingOf(places)?.source).toBeNull();
    holds(places, 11, OURS, true);
    expect(bindingOf(places)?.source).toEqual(OURS);
  });

  it('reaches a link-local end by the interface that it is bound to, was heard by, or else not at all', () => {
    const places = host({ kind: 'interface', name: 'va1' }, linkLocal(2));
    expect(bindingOf(places)?.scope).toBe(11);
    places.configure(LINK, { local: ANY, remote: null, ...NO_NAME });
    expect(causeOf(places)).toBe('path-unknown');
    places.aim(LINK, { remote: linkLocal(2), local: linkLocal(1), ifindex: 10 });
    expect(bindingOf(places)?.scope).toBe(10);
    places.fact({ what: 'interface-gone', index: 10 });
    expect(causeOf(places)).toBe('interface-absent');
  });
});

describe('a remote end that is not known', () => {
  it('leaves a socket to be called at', () => {
    const places = host(from(OURS), null);
    expect(causeOf(places)).toBe('path-unknown');
    expect(bindingOf(places)).not.toBeNull();
    places.aim(LINK, { remote: PEER, local: null, ifindex: 0 });
    expect(causeOf(places)).toBeNull();
    places.aim(LINK, null);
    expect(causeOf(places)).toBe('path-unknown');
  });
});

describe('a kernel without IPv6', () => {
  it('stops links that need it, and no others', () => {
    for (const [local, remote, cause] of [
      [ANY, v6(2), 'no-ipv6'],
      [from(v6(1)), null, 'no-ipv6'],
      [ANY, null, 'path-unknown'],
      [ANY, PEER, null],
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
    is(places, 20, device('octo0.5', { lower: TAP }));
    is(places, 21, device('br0'));
    is(places, 22, device('vrf0', { isVrf: true }));
    places.route(LINK, { kind: 'via', ifindex: TAP });
    expect(causeOf(places)).toBe('recursive-route');
    places.route(LINK, { kind: 'via', ifindex: 20 });
    expect(causeOf(places)).toBe('recursive-route');
    places.route(LINK, { kind: 'via', ifindex: 21 });
    expect(causeOf(places)).toBeNull();
    is(places, TAP, device('octo0', { master: 21 }));
    expect(causeOf(places)).toBe('recursive-route');
    // Frames for the peer may leave the bridge by this port.
    is(places, 11, device('va1', { master: 21 }));
    expect(causeOf(places)).toBeNull();
    is(places, 11, device('va1'));
    is(places, TAP, device('octo0', { master: 22 }));
    places.route(LINK, { kind: 'via', ifindex: 22 });
    expect(causeOf(places)).toBeNull();
  });

  it('is none for two interfaces that name each other', () => {
    const places = host(ANY);
    is(places, 30, device('veth0', { lower: 31 }));
    is(places, 31, device('veth1', { lower: 30 }));
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
    holds(places, 10, OURS, false);
    expect(causeOf(places)).toBe('address-absent');
    places.heard(LINK);
    expect(causeOf(places)).toBeNull();
    holds(places, 11, OURS, true);
    expect(causeOf(places)).toBeNull();
    holds(places, 11, OURS, false);
    expect(causeOf(places)).toBe('address-absent');
  });

  it('is as strong where the kernel says that another host has the address as well', () => {
    const places = host(from(v6(1)), v6(2));
    const found = (isDuplicate: boolean) =>
      places.fact({ what: 'address', index: 10, address: v6(1), isPresent: false, isDuplicate });
    found(true);
    expect(causeOf(places)).toBe('address-duplicate');
    places.heard(LINK);
    expect(causeOf(places)).toBeNull();
    found(false);
    expect(causeOf(places)).toBeNull();
    found(true);
    expect(causeOf(places)).toBe('address-duplicate');
    places.fact({ what: 'interface-gone', index: 10 });
    expect(causeOf(places)).toBe('address-absent');
  });

  it('cannot make a socket for an interface that is not there', () => {
    const places = host({ kind: 'interface', name: 'wwan0' });
    places.heard(LINK);
    expect(causeOf(places)).toBe('interface-absent');
  });

  it('says nothing of another remote end', () => {
    const places = host(from(OURS));
    holds(places, 10, OURS, false);
    places.settle();
    places.heard(LINK);
    expect(causeOf(places)).toBeNull();
    places.aim(LINK, { remote: v4(10, 91, 0, 9), local: null, ifindex: 0 });
    expect(causeOf(places)).toBe('address-absent');
  });

  it('says nothing of the way to the peer', () => {
    const places = host(ANY);
    places.route(LINK, { kind: 'none' });
    places.settle();
    places.heard(LINK);
    expect(causeOf(places)).toBe('no-route');
  });
});

describe('a dump of the kernel', () => {
  it('forgets what it does not name', () => {
    const places = host(from(OURS));
    places.fact({ what: 'begin' });
    is(places, TAP, device('octo0'));
    is(places, 10, device('va0'));
    places.fact({ what: 'end' });
    expect(causeOf(places)).toBe('address-absent');
    places.fact({ what: 'begin' });
    places.fact({ what: 'end' });
    expect(places.settle()).toEqual([]);
    expect(causeOf(places)).toBe('address-absent');
  });
});
