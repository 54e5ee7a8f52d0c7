import { describe, expect, it } from 'vitest';
import type { DatapathEvent } from '../../src/contract/events.js';
import { STATE } from '../../src/contract/link-states.js';
import { SharedStats } from '../../src/contract/stats.js';
import { Announcements } from '../../src/link/life/announcements.js';
import type { LinkBase } from '../../src/link/ports.js';
import { Outbox } from '../../src/worker/outbox.js';
import { FACTS } from './facts.js';

const SECOND = 1e6;
const PEER = 3;
const LINK = 5;
const OTHER = 6;
const CLIENT = 7;

function setUp() {
  const events: DatapathEvent[] = [];
  const links = {
    state: new Uint8Array(8).fill(STATE.UP),
    peer: new Int32Array(8).fill(PEER),
    id: new Uint8Array(8),
  };
  const peers = { activeLink: new Int32Array(8) };
  const base = {
    tables: { links, peers },
    stats: new SharedStats({ peers: 8, links: 8 }),
    ports: { emit: (event: DatapathEvent) => events.push(event) },
  } as unknown as LinkBase;
  const announcements = new Announcements(
    base,
    () => FACTS,
    (link) => link === CLIENT,
  );
  return { announcements, events, links, peers };
}

describe('a link that changes 20,000 times a second', () => {
  it('is told of a few times a second, with its last state and the number of changes in between', () => {
    const { announcements, events, links } = setUp();
    let now = 0;
    for (let change = 0; change < 200_000; change++, now += 50) {
      links.state[LINK] = change & 1 ? STATE.UP : STATE.ONE_WAY;
      announcements.changed(LINK, change & 1 ? 'beats-heard' : 'peer-does-not-hear-us', FACTS, now);
      if (change % 2000 === 0) announcements.sweep(now);
    }
    expect(events.length).toBeLessThan(50);
    links.state[LINK] = STATE.DOWN;
    announcements.changed(LINK, 'hold-time-expired', FACTS, now);
    announcements.sweep(now + SECOND);
    const told = events.flatMap((event) => (event.kind === 'link' ? [event] : []));
    expect(told.at(-1)).toMatchObject({ state: 'down', cause: 'hold-time-expired' });
    const suppressed = told.reduce((sum, event) => sum + event.suppressed, 0);
    expect(told.length + suppressed).toBe(200_001);
  });

  it('takes nothing from another link', () => {
    const { announcements, events } = setUp();
    for (let change = 0; change < 1000; change++) announcements.changed(LINK, 'beats-heard', FACTS, 0);
    const before = events.length;
    announcements.changed(OTHER, 'carrier-lost', FACTS, 0);
    expect(events.length).toBe(before + 1);
    announcements.linkRemoved(LINK);
    announcements.sweep(10 * SECOND);
    expect(events.length).toBe(before + 1);
  });

  it('that was the last one of its peer is told as such, late at worst', () => {
    const { announcements, events, peers } = setUp();
    peers.activeLink[PEER] = -1;
    for (let change = 0; change < 1000; change++) {
      announcements.changed(LINK, 'send-error', FACTS, 0);
      announcements.peerLost(PEER, LINK);
    }
    const lost = () => events.filter(({ kind }) => kind === 'all-links-down').length;
    expect(lost()).toBeLessThan(50);
    const before = lost();
    announcements.sweep(SECOND);
    expect(lost()).toBe(before + 1);
  });
});

describe('a link of a client', () => {
  const states = (events: DatapathEvent[]) =>
    events.flatMap((event) => (event.kind === 'link' ? [event.state] : []));

  it('is told of when it is up, not of what it went through until then', () => {
    const { announcements, events, links } = setUp();
    for (const [state, cause] of [
      [STATE.WAITING, 'path-unknown'],
      [STATE.DOWN, 'configured'],
      [STATE.ONE_WAY, 'beats-heard'],
      [STATE.UP, 'beats-heard'],
    ] as const) {
      links.state[CLIENT] = state;
      announcements.changed(CLIENT, cause, FACTS, 0);
    }
    announcements.sweep(10 * SECOND);
    expect(events).toMatchObject([{ state: 'up', cause: 'beats-heard', suppressed: 0 }]);
  });

  it('is told of when it has not come up within a second', () => {
    const { announcements, events, links } = setUp();
    links.state[CLIENT] = STATE.WAITING;
    announcements.changed(CLIENT, 'path-unknown', FACTS, 0);
    links.state[CLIENT] = STATE.ONE_WAY;
    announcements.changed(CLIENT, 'beats-heard', FACTS, 0.9 * SECOND);
    announcements.sweep(0.9 * SECOND);
    expect(events).toEqual([]);
    announcements.sweep(SECOND);
    expect(states(events)).toEqual(['one-way']);
  });

  it('is told of at once when it goes down', () => {
    const { announcements, events, links } = setUp();
    announcements.changed(CLIENT, 'beats-heard', FACTS, 0);
    links.state[CLIENT] = STATE.DOWN;
    announcements.changed(CLIENT, 'hold-time-expired', FACTS, 0);
    expect(states(events)).toEqual(['up', 'down']);
  });

  it('that was removed is not told of', () => {
    const { announcements, events, links } = setUp();
    links.state[CLIENT] = STATE.WAITING;
    announcements.changed(CLIENT, 'path-unknown', FACTS, 0);
    announcements.linkRemoved(CLIENT);
    announcements.sweep(10 * SECOND);
    expect(events).toEqual([]);
  });
});

it('a control thread that is busy is not buried in what it can do without', () => {
  const posted: DatapathEvent[] = [];
  const taken = new Int32Array(1);
  const outbox = new Outbox({ postMessage: (events: DatapathEvent[]) => posted.push(...events) }, taken);
  const goodbye = { kind: 'goodbye', peer: 0 } as const;
  for (let sent = 0; sent < 100_000; sent++) outbox.post(goodbye);
  expect(posted.length).toBeLessThan(10_000);
  expect(outbox.post(goodbye)).toBe(false);
  expect(outbox.post({ kind: 'all-links-down', peer: 0 })).toBe(true);
  outbox.flush();
  taken[0] = posted.length;
  expect(outbox.post(goodbye)).toBe(true);
});
