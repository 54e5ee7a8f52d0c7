/** A carrier of whose loss the kernel tells late, as it does when another interface has just got its own. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/lab/mesh.js';
import { LabProcess } from '../../../scripts/lab/process.js';
import { needsLab } from '../support.js';
import { Cables } from './cables.js';

const TOOL = join(ROOT, 'test/netns/place/tap_cable.py');
/** Longer than it takes to ask, shorter than the kernel takes to tell by itself. */
const HOLD_MS = 800;

let cables: Cables;

beforeEach(needsLab);
afterEach(async (context) => {
  await cables?.remove(context);
});

async function layTapCable(on: Cables): Promise<LabProcess> {
  await on.cut(0);
  const args = [TOOL, on.device(0), on.namespace(1), on.namespace(2)];
  const tool = LabProcess.start(on.namespace(1), 'python3', args, { input: true });
  const lines = createInterface({ input: tool.output })[Symbol.asyncIterator]();
  if ((await lines.next()).value !== 'ready') throw new Error('no cable of TAPs');
  for (const host of [1, 2]) await on.addAddress(host, 0);
  return tool;
}

it('is asked for, and the link does not wait for its hold time', async () => {
  let tool: LabProcess | undefined;
  cables = await Cables.build({
    families: [4, 4],
    edit: (_, config) => config.replaceAll('hold 300', `hold ${HOLD_MS}`),
    prepare: async (on) => {
      tool = await layTapCable(on);
    },
  });
  try {
    await cables.allUp();
    tool?.say('lose\n');
    await cables.waits(1, 0, 'no carrier');
    const events = await cables.node(1).call('show.events', {});
    const downs = events.filter(
      (event) => event.kind === 'link' && event.link === 0 && event.state === 'down',
    );
    expect(downs).toMatchObject([{ cause: 'carrier lost' }]);
  } finally {
    await tool?.stop();
  }
});
