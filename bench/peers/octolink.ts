/** Octolink itself, one link over the cable, under the Node that runs the bench or under another. */
import { Mesh } from '../../scripts/lab/mesh.js';
import { INNER_TARGET, type Peer } from './peer.js';

/** @param node Node binary for the daemons; absent: the one that runs this. */
export function octolink(name: string, title: string, node?: string): Peer {
  return {
    name,
    title,
    layer: 2,
    encrypted: true,
    packages: [],
    programs: [],
    async start(lab) {
      const mesh = await Mesh.start(lab, node === undefined ? {} : { node });
      await mesh.waitUp(true);
      return INNER_TARGET;
    },
  };
}
