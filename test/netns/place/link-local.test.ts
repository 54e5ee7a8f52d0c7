/** Links over one wire without any address but the link-local ones: in every notation, and while their interface comes and goes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsLab } from '../support.js';
import { type CableOptions, Cables } from './cables.js';

let cables: Cables;

beforeEach(needsLab);
afterEach(async (context) => {
  await cables?.remove(context);
});

const own = (host: number) => `fe80::${host}`;

/** Gives both ends of the wire their link-local addresses and takes the others. */
async function onlyLinkLocal(on: Cables): Promise<void> {
  for (const host of [1, 2]) {
    await on.ip(host, 'address flush dev u1');
    await on.ip(host, `address add ${own(host)}/64 dev u1 nodad`);
  }
}

async function build(ends: NonNullable<CableOptions['ends']>): Promise<void> {
  cables = await Cables.build({ families: [6], ends, prepare: onlyLinkLocal });
}

const WAYS: [string, (host: number) => { local: string; remote: string }][] = [
  ['an interface', (host) => ({ local: 'u1', remote: `${own(3 - host)} port 7700` })],
  ['an address alone', (host) => ({ local: own(host), remote: `${own(3 - host)} port 7700` })],
  ['an address and its zone', (host) => ({ local: `${own(host)}%u1`, remote: `${own(3 - host)} port 7700` })],
  ['any, and a zone of the peer', (host) => ({ local: 'any', remote: `[${own(3 - host)}%u1]:7700` })],
  [
    'zones at both ends',
    (host) => ({ local: `[${own(host)}%u1]:7700`, remote: `[${own(3 - host)}%u1]:7700` }),
  ],
];

describe('a link between link-local addresses', () => {
  it.each(WAYS)('bound to %s follows its interface by name', async (_, ends) => {
    await build(ends);
    await cables.isUp(0);
    const text = await cables.node(1).runningConfig();
    await cables.cut(0);
    await cables.isDown(1, 0);
    await cables.waits(1, 0, 'interface absent');
    await cables.lay(0);
    await onlyLinkLocal(cables);
    await cables.isUp(0);
    expect(await cables.node(1).runningConfig()).toBe(text);
    await cables.flap(1, 0);
    await cables.ip(1, `address replace ${own(1)}/64 dev u1 nodad`);
    await cables.isUp(0);
  });

  it('waits for an interface that is not there yet', async () => {
    cables = await Cables.build({
      families: [6],
      ends: (host) => ({ local: host === 1 ? 'any' : 'u1', remote: `${own(3 - host)}%u1 port 7700` }),
      prepare: async (on) => {
        await on.cut(0);
      },
    });
    await cables.waits(1, 0, 'interface absent');
    await cables.lay(0);
    await onlyLinkLocal(cables);
    await cables.isUp(0);
    expect((await cables.linkOf(1, 0)).remote).toBe(`[${own(2)}%u1]:7700`);
  });

  it('finds a peer that calls, and answers by the interface of the call', async () => {
    await build((host) =>
      host === 1 ? { local: 'any', remote: `${own(2)}%u1 port 7700` } : { local: 'any', remote: 'dynamic' },
    );
    await cables.isUp(0);
  });
});
