/** Interfaces and addresses that come, go, move and are made again under a link that names them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lanAddress } from '../../../scripts/lab/mesh.js';
import { capture } from '../../../scripts/lab/run.js';
import { answered, labProblem, needsLab } from '../support.js';
import { Cables } from './cables.js';

type Family = 4 | 6;

/** What happens to the cable of a link at host 1, and how that link names its local end there. */
interface Change {
  name: string;
  local: (cables: Cables, link: number) => string;
  happen(cables: Cables, link: number, family: Family): Promise<void>;
}

const byName = (cables: Cables, link: number) => cables.device(link);
const byAddress = (cables: Cables, link: number) => cables.address(1, link);
const byRoute = () => 'any';

async function madeAgain(cables: Cables, link: number): Promise<void> {
  await cables.cut(link);
  await Promise.all([cables.isDown(1, link), cables.isDown(2, link)]);
  await cables.lay(link);
}

async function renamed(cables: Cables, link: number): Promise<void> {
  const device = cables.device(link);
  const steps = [`${device} down`, `${device} name other${link}`, `other${link} up`];
  for (const step of steps) await cables.ip(1, `link set ${step}`);
  await cables.isDown(1, link);
  for (const step of [`other${link} down`, `other${link} name ${device}`, `${device} up`])
    await cables.ip(1, `link set ${step}`);
  await restore(cables, link);
}

/** The address and route that a device may have lost while it was down. */
async function restore(cables: Cables, link: number, device = cables.device(link)): Promise<void> {
  const v6 = cables.address(1, link).includes(':');
  await cables.ip(1, `address replace ${cables.prefix(1, link)} dev ${device}${v6 ? ' nodad' : ''}`);
}

/** A second holder comes and goes: make before break, and back. */
async function heldTwice(cables: Cables, link: number, family: Family): Promise<void> {
  const spare = `spare${link}`;
  await cables.ip(1, `link add ${spare} type veth peer name far${link}`);
  await cables.ip(1, `link set far${link} up`);
  await cables.ip(1, `link set ${spare} up`);
  const host = `${cables.address(1, link)}/${family === 4 ? 32 : 128}`;
  await cables.ip(1, `address add ${host} dev ${spare}${family === 6 ? ' nodad' : ''}`);
  await cables.ip(1, `address del ${host} dev ${spare}`);
  await cables.ip(1, `link del ${spare}`);
}

/** The device becomes the port of a bridge, which takes its address over. */
async function bridged(cables: Cables, link: number): Promise<void> {
  const device = cables.device(link);
  await cables.ip(1, `link add br${link} type bridge`);
  await cables.ip(1, `link set br${link} up`);
  await cables.addAddress(1, link, 1, `br${link}`);
  await cables.ip(1, `link set ${device} master br${link}`);
  await cables.removeAddress(1, link);
}

async function hasVrfs(cables: Cables): Promise<boolean> {
  const made = await capture('ip', [
    '-n',
    cables.namespace(1),
    'link',
    'add',
    'probe',
    'type',
    'vrf',
    'table',
    '99',
  ]);
  return made.code === 0;
}

/** The device goes into a VRF, where its routes go along. */
async function intoVrf(cables: Cables, link: number): Promise<void> {
  const vrf = `vrf${link}`;
  await cables.ip(1, `link add ${vrf} type vrf table ${100 + link}`);
  await cables.ip(1, `link set ${vrf} up`);
  await cables.ip(1, `link set ${cables.device(link)} master ${vrf}`);
  await restore(cables, link);
}

async function addressAway(cables: Cables, link: number): Promise<void> {
  await cables.removeAddress(1, link);
  await cables.isDown(1, link);
  await cables.addAddress(1, link);
}

const CHANGES: Change[] = [
  { name: 'its interface is made again', local: byName, happen: madeAgain },
  { name: 'the interface of its address is made again', local: byAddress, happen: madeAgain },
  { name: 'the interface it is routed by is made again', local: byRoute, happen: madeAgain },
  { name: 'its interface loses its name for a while', local: byName, happen: renamed },
  { name: 'its address is held twice for a while', local: byAddress, happen: heldTwice },
  { name: 'its address moves to a bridge', local: byAddress, happen: bridged },
  { name: 'its interface goes into a VRF', local: byName, happen: intoVrf },
  { name: 'its address goes away for a while', local: byAddress, happen: addressAway },
];

describe.each([4, 6] as const)('a link over IPv%s comes back when', (family) => {
  let cables: Cables;

  beforeAll(async () => {
    if (labProblem) return;
    cables = await Cables.build({
      families: CHANGES.map(() => family),
      prepare: async (made) => {
        cables = made;
      },
      ends: (host, link) => (host === 1 ? { local: CHANGES[link].local(cables, link) } : {}),
    });
    await cables.allUp();
  });
  afterAll(async () => {
    await cables?.remove();
  });
  beforeEach(needsLab);

  it.concurrent.for(CHANGES.map((one, link) => ({ ...one, link })))('$name', async (one, context) => {
    const { link, happen } = one;
    if (happen === intoVrf && !(await hasVrfs(cables))) context.skip('this kernel has no VRFs');
    await happen(cables, link, family);
    if (happen !== intoVrf) await cables.reaches(1, cables.address(2, link));
    await cables.isUp(link);
  });
});

describe('an interface or address that is not there at start', () => {
  let cables: Cables | undefined;

  beforeEach(needsLab);
  afterEach(async (context) => {
    await cables?.remove(context);
    cables = undefined;
  });

  it.each([
    { how: 'by name', local: byName, cause: 'interface absent' },
    { how: 'by address', local: byAddress, cause: 'address absent' },
  ])(
    'named $how: the daemon starts, uses its other link, says what is missing, and takes it',
    async (one) => {
      let made: Cables | undefined;
      cables = await Cables.build({
        families: [4, 4, 6],
        prepare: async (lines) => {
          made = lines;
          for (const link of [1, 2]) await lines.cut(link);
        },
        ends: (host, link) => (host === 1 && link > 0 ? { local: one.local(made as Cables, link) } : {}),
      });
      await cables.isUp(0);
      for (const link of [1, 2]) {
        await cables.waits(1, link, one.cause);
        const missing = one.local(cables, link);
        expect((await cables.linkOf(1, link)).detail).toContain(missing);
        expect(await cables.node(1).cli('show links')).toContain(one.cause);
      }
      for (const link of [1, 2]) await cables.lay(link);
      for (const link of [1, 2]) await cables.isUp(link);
    },
  );

  it('may be all that there is', async () => {
    cables = await Cables.build({
      families: [4],
      prepare: async (lines) => {
        await lines.cut(0);
      },
      ends: (host) => (host === 1 ? { local: 'u1' } : {}),
    });
    await cables.waits(1, 0, 'interface absent');
    await cables.lay(0);
    await cables.isUp(0);
    expect(await answered(cables.namespace(1), lanAddress(2))).toBe(3);
  });

  it('may be named by a change while everything runs', async () => {
    cables = await Cables.build({ families: [4, 4] });
    await cables.allUp();
    await cables.configure(1, 1, 'local wwan0');
    await cables.waits(1, 1, 'interface absent');
    await cables.ip(1, 'link set u2 down');
    await cables.ip(1, 'link set u2 name wwan0');
    await cables.ip(1, 'link set wwan0 up');
    await cables.isUp(1);
  });
});
