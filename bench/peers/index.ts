/** Every peer that the bench knows, in the order of the table. */
import { nebula } from './nebula.js';
import { octolink, octolinkOverLinks } from './octolink.js';
import type { Peer } from './peer.js';
import { cable, vxlan } from './plain.js';
import { fastd, n2n, openvpn, tinc } from './tap.js';
import { wireguard, wireguardVxlan } from './wireguard.js';

const OVER_LINKS = [octolinkOverLinks(2), octolinkOverLinks(8)];
/** Names of the peers that are measured only when they are asked for. */
export const ON_REQUEST = OVER_LINKS.map(({ name }) => name).join(' and ');

/** @param node24 Path of a Node 24 binary, which adds a second row of Octolink. */
export function allPeers(node24?: string): Peer[] {
  const second = node24 === undefined ? [] : [octolink('octolink-node24', 'Octolink, Node 24', node24)];
  const own = octolink('octolink', `Octolink, Node ${process.versions.node.split('.')[0]}`);
  return [
    cable,
    vxlan,
    own,
    ...second,
    ...OVER_LINKS,
    wireguard,
    wireguardVxlan,
    nebula,
    fastd,
    tinc,
    openvpn,
    n2n,
  ];
}
