import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/edit.js';
import { listedPeers, peerSources } from '../../src/daemon/answers/listed-peers.js';
import { pageOf } from '../../src/daemon/answers/pages.js';
import { Finder } from '../../src/daemon/interfaces/finder.js';
import { Histories } from '../../src/daemon/observe/link-histories.js';
import { EXAMPLE } from '../control/fixtures.js';

/** The example, whose interface does not run. */
function ground({ shutdown = false, fault = '' } = {}) {
  const { config } = parseConfig(EXAMPLE);
  config.interfaces[0].enabled = !shutdown;
  return {
    find: new Finder(new Map()),
    runningConfig: () => config,
    faults: new Map(fault === '' ? [] : [['octo0', fault]]),
    native: { now: () => 0 },
    histories: new Histories(
      () => 0,
      () => [],
      () => 0,
    ),
  };
}

describe('peers of an interface that does not run', () => {
  it('are listed as shut down with it, their links too', () => {
    const [peer] = listedPeers(ground({ shutdown: true }), {});
    expect(peer.status()).toMatchObject({
      name: 'osaka',
      state: 'shutdown',
      cause: 'interface shut down',
      policy: 'active',
      links: [{ link: 0, state: 'shutdown', remote: '198.51.100.7:7700', priority: 10, active: false }],
    });
    expect(peer.links()).toEqual(peer.status().links);
  });

  it('are down with the fault of the interface', () => {
    const [peer] = listedPeers(ground({ fault: 'no such key file' }), { peer: 'osaka' });
    expect(peer.status()).toMatchObject({
      state: 'down',
      cause: 'interface down',
      advice: 'interface octo0 is down: no such key file',
      links: [{ state: 'down' }],
    });
  });

  it('come in pages, and their names are checked', async () => {
    const parts = ground({ shutdown: true });
    const [example] = parts.runningConfig().interfaces[0].peers;
    parts.runningConfig().interfaces[0].peers = [0, 1, 2].map((number) => ({
      ...example,
      name: `p${number}`,
    }));
    const page = (cursor?: string) =>
      pageOf(peerSources(parts), { limit: 2, ...(cursor && { cursor }) }, (peers) =>
        peers.map(({ name }) => name),
      );
    expect(await page()).toEqual({ rows: ['p0', 'p1'], next: 'octo0:2' });
    expect(await page('octo0:2')).toEqual({ rows: ['p2'], next: null });
    expect(() => listedPeers(parts, { peer: 'p3' })).toThrow('peer p3 not found');
    expect(() => listedPeers(parts, { interface: 'octo9' })).toThrow('interface octo9 not found');
  });
});
