/** The local end of a link is changed while everything runs: it is taken, and the other links notice nothing. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lanAddress } from '../../../scripts/lab/mesh.js';
import { Flood } from '../flood.js';
import { labProblem, needsLab } from '../support.js';
import { Cables } from './cables.js';

const PORT = 7700;

describe.each([4, 6] as const)('the local end of a link over IPv%s', (family) => {
  let cables: Cables;

  /** Link 0 carries the frames. Link 1 alone begins as `any` at host 1: its wildcard socket goes with the first change. */
  beforeAll(async () => {
    if (labProblem) return;
    cables = await Cables.build({
      families: [family, family, family],
      ends: (host, link) => (host === 1 && link === 1 ? { local: 'any' } : {}),
    });
    await cables.allUp();
  });
  afterAll(async () => {
    await cables?.remove();
  });
  beforeEach(needsLab);

  const own = (link: number) => cables.address(1, link);

  /** Carries out a change while frames go by link 0, and waits until `link` is up afterwards. */
  async function unnoticed(link: number, change: () => Promise<void>): Promise<void> {
    const { transitions } = await cables.linkOf(1, 0);
    const flood = await Flood.start(cables.lab, 1, lanAddress(2));
    await change();
    await cables.isUp(link);
    await flood.more(20);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    expect((await cables.linkOf(1, 0)).transitions).toBe(transitions);
  }

  const steps: [string, string, () => string][] = [
    ['any', 'an address', () => `local ${own(1)}`],
    ['an address', 'its interface', () => 'local u2'],
    ['its interface', 'any', () => 'local any'],
    ['any', 'its interface', () => 'local u2'],
    ['its interface', 'an address', () => `local ${own(1)}`],
    ['an address', 'nothing', () => 'no local'],
    ['nothing', 'another port', () => `local any port ${PORT + 1}`],
    ['another port', 'an address', () => `local ${own(1)}`],
    ['an address', 'its port at any', () => 'local any'],
  ];
  it.each(steps)('goes from %s to %s', async (_from, _to, line) => {
    await unnoticed(1, () => cables.configure(1, 1, line()));
  });

  it('is that of the file, when the whole configuration is replaced', async () => {
    const node = cables.node(1);
    const text = (await node.runningConfig()).replace(/(link 2\n(?: +.*\n)*? +local) .*/, '$1 u3');
    expect(text).toContain('local u3');
    const replace = { context: [], lines: text.split('\n'), mode: 'replace' as const, checkOnly: false };
    await unnoticed(2, () => node.call('config.apply', replace).then(() => {}));
  });

  it('may be left out of a link that is added beside one with an address', async () => {
    await cables.configure(2, 2, 'shutdown');
    await unnoticed(2, () => cables.configure(2, 2, 'no shutdown', 'no local'));
  });

  it('of the link that carries the frames may change as well, and none is lost', async () => {
    const flood = await Flood.start(cables.lab, 1, lanAddress(2));
    for (const line of ['local any', 'local u1', `local ${own(0)}`]) {
      await cables.configure(1, 0, line);
      await cables.isUp(0);
      await flood.more(20);
    }
    expect(await flood.end()).toMatchObject({ lost: 0 });
  });
});
