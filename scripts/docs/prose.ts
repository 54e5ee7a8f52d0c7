/** What the manuals say in addition to the tables. */
import type { ConfigMode } from '../../src/config/language.js';

export const MODE_NOTES: Record<ConfigMode, { title: string; text: string }> = {
  config: { title: 'System', text: 'Outside all blocks.' },
  interface: {
    title: 'Interfaces',
    text: 'Inside a block "interface": one private network, its TAP device and its peers.',
  },
  peer: {
    title: 'Peers',
    text:
      'Inside a block "peer" of an interface: one host at the other end. Also inside a block "peer-template", whose ' +
      'lines hold for the peers and clients that take it; keys and the line "template" are of peers only.',
  },
  link: { title: 'Links', text: 'Inside a block "link" of a peer: one path to it.' },
};

export const CONFIG_EXAMPLE = `hostname tokyo
interface octo0
 private-key-file /var/lib/octolink/keys/octo0.key
 address 10.77.0.1/24
 listen port 7700
 peer osaka
  public-key hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=
  link 0
   local 192.0.2.10
   remote 198.51.100.7 port 7700
   priority 10
  exit
  link 1
   local eth1
   remote 203.0.113.7 port 7700
  exit
 exit
 no shutdown
exit
`;
