import { expect, it } from 'vitest';
import type { LinkSettings } from '../../src/contract/settings.js';
import { PATH } from '../../src/native/ops.js';
import { LinkTable } from '../../src/state/links.js';
import { pathTo } from '../sim/lan.js';

it("the path for single sends is no link's, and a link whose row it was begins with a path of its own", () => {
  const links = new LinkTable();
  const settings = { path: pathTo(1, 0), sockets: [0, 1], parity: 0 } as unknown as LinkSettings;
  for (let row = 0; row < 600; row++) {
    links.paths.fill(77, links.pathOf(links.scratchPath), links.pathOf(links.scratchPath) + PATH.WORDS);
    links.configure(row, 0, 0, settings);
    expect(links.has(links.scratchPath)).toBe(false);
    expect(links.paths.length).toBeGreaterThanOrEqual(links.pathOf(links.scratchPath) + PATH.WORDS);
    expect(links.paths[links.pathOf(row) + PATH.HOPS]).toBe(0);
    expect(links.paths[links.pathOf(row) + PATH.PORT]).toBe(settings.path[PATH.PORT]);
  }
});
