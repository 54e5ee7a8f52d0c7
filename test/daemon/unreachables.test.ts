/** What ICMP says of ends of links: asked for while a link is down, and kept for a few ends. */
import { expect, it } from 'vitest';
import { PeerEntries } from '../../src/daemon/interfaces/peer-entries.js';
import { Unreachables } from '../../src/daemon/interfaces/unreachables.js';
import { PATH } from '../../src/native/ops.js';

function end(number: number): number[] {
  const words = new Array<number>(PATH.LOCAL).fill(0);
  words[PATH.FAMILY] = 4;
  words[PATH.ADDR] = number;
  return words;
}

it('is asked for while a link is down, once', () => {
  const sent: unknown[] = [];
  const peers = new PeerEntries();
  const unreachables = new Unreachables({ send: (command) => sent.push(command) }, peers);
  const follow = () => {
    unreachables.linksChanged();
    unreachables.linksChanged();
    return sent.splice(0);
  };
  const command = (on: boolean) => [{ kind: 'socket-errors', row: null, on }];
  expect(follow()).toEqual([]);
  const peer = peers.add({ name: 'osaka', links: [] });
  const link = peers.addLink(peer, { id: 0 }, end(1));
  expect(follow()).toEqual(command(true));
  peers.setState(link, 'up');
  expect(follow()).toEqual(command(false));
  peers.setState(link, 'one-way');
  expect(follow()).toEqual(command(true));
  peers.remove(peer);
  expect(follow()).toEqual(command(false));
});

it('is kept for the last 64 ends', () => {
  const unreachables = new Unreachables({ send: () => {} }, new PeerEntries());
  for (let number = 0; number < 100; number++)
    unreachables.note(end(number), { from: end(number), code: 3, at: number });
  expect(unreachables.at(end(35))).toBeNull();
  expect(unreachables.at(end(36))).toMatchObject({ code: 3, at: 36 });
});
