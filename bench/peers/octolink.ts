/** Octolink itself, under the Node that runs the bench or under another, over one cable or several. */
import { Mesh, type MeshOptions } from '../../scripts/lab/mesh.js';
import { INNER_TARGET, type Peer } from './peer.js';

function peerOf(name: string, title: string, options: MeshOptions): Peer {
  return {
    name,
    title,
    layer: 2,
    encrypted: true,
    packages: [],
    programs: [],
    async start(lab) {
      const mesh = await Mesh.start(lab, options);
      await mesh.waitUp(true);
      return INNER_TARGET;
    },
  };
}

/** @param node Node binary for the daemons; absent: the one that runs this. */
export function octolink(name: string, title: string, node?: string): Peer {
  return { ...peerOf(name, title, node === undefined ? {} : { node }), meshDevice: 'octo0' };
}

/** Equal links, each over a cable of its own, which the policy adaptive spreads traffic over. */
export function octolinkOverLinks(links: number): Peer {
  const options = { interfaceLines: ['policy adaptive'] };
  return {
    ...peerOf(`octolink-${links}-links`, `Octolink, ${links} links`, options),
    links,
    onRequest: true,
  };
}
