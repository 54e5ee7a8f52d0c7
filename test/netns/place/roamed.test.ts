/** Links whose peer has moved, and which then lose their own end for a while: they come back by themselves. */
import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import { labProblem, needsLab } from '../support.js';
import { Cables } from './cables.js';

/** Last part of the address that host 1 moves to, and of the one that host 2 does. */
const MOVED = 77;
const MOVED_TOO = 88;

interface Interruption {
  name: string;
  /** What host 2 has for the remote end: the address that host 1 leaves, or nothing. */
  remote: 'configured' | 'dynamic';
  happen(cables: Cables, link: number): Promise<unknown>;
}

const carrier = (cables: Cables, link: number) => cables.flap(2, link);
const farCarrier = (cables: Cables, link: number) => cables.flap(1, link);

/** Host 2's address goes, and comes back once that was noticed. */
async function address(cables: Cables, link: number): Promise<void> {
  await cables.removeAddress(2, link);
  await cables.isDown(2, link);
  await cables.addAddress(2, link);
}

/** Host 2 gets another address at the same time: both ends have moved. */
async function ownAddress(cables: Cables, link: number): Promise<void> {
  await cables.removeAddress(2, link);
  await cables.addAddress(2, link, MOVED_TOO);
}

/** The line is dialled again: other devices, host 1 where it was last. */
async function redial(cables: Cables, link: number): Promise<void> {
  await cables.cut(link);
  await cables.isDown(2, link);
  await cables.lay(link, [MOVED, 2]);
}

/** Dialled again, with another address for the one that dials. */
async function redialElsewhere(cables: Cables, link: number): Promise<void> {
  await cables.cut(link);
  await cables.isDown(2, link);
  await cables.lay(link, [MOVED, MOVED_TOO]);
}

const INTERRUPTIONS: Interruption[] = [
  { name: 'its carrier flaps', remote: 'configured', happen: carrier },
  { name: 'the far carrier flaps', remote: 'dynamic', happen: farCarrier },
  { name: 'its address goes and comes back', remote: 'configured', happen: address },
  { name: 'its own address changes as well', remote: 'configured', happen: ownAddress },
  { name: 'its carrier flaps', remote: 'dynamic', happen: carrier },
  { name: 'its own address changes as well', remote: 'dynamic', happen: ownAddress },
  { name: 'the line is dialled again', remote: 'dynamic', happen: redial },
  { name: 'the line is dialled again with another address', remote: 'configured', happen: redialElsewhere },
];

describe.each([4, 6] as const)('a link over IPv%s whose peer has moved comes back when', (family) => {
  let cables: Cables | undefined;

  beforeAll(async () => {
    if (labProblem) return;
    cables = await Cables.build({
      families: INTERRUPTIONS.map(() => family),
      ends: (host, link) => ({
        local: 'any',
        ...(host === 2 && INTERRUPTIONS[link].remote === 'dynamic' && { remote: 'dynamic' }),
      }),
    });
    await cables.allUp();
  });
  afterAll(async () => {
    await cables?.remove();
  });
  beforeEach(needsLab);

  it.concurrent.each(INTERRUPTIONS.map((one, link) => ({ ...one, link })))(
    '$name (remote $remote)',
    async ({ link, happen }) => {
      const lines = cables as Cables;
      await lines.removeAddress(1, link);
      await lines.addAddress(1, link, MOVED);
      await lines.follows(2, link, lines.address(MOVED, link));
      await happen(lines, link);
      await lines.reaches(2, lines.address(MOVED, link));
      await lines.isUp(link);
    },
  );
});
