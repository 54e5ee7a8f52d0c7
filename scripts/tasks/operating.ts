/** Tasks of somebody who runs it: probing, clearing, copying packets, sharing the machine with others. */
import type { Task } from './task.js';

export const OPERATING: Task[] = [
  {
    title: 'Ping the far end, by one way',
    steps: ['ping osaka link 1 count 3 interval 50'],
    says: /3 sent, 3 received/,
    routers: ['ping A source B', 'ping A -I B', 'ping A interface B', 'ping A interface B'],
    verdict: 'better',
    why: 'By the name of the peer, in the tunnel, by the link that is meant.',
    isQuick: true,
  },
  {
    title: 'Wait until something is up',
    steps: ['wait osaka link 1 up timeout 5'],
    says: /^peer osaka link 1 is up$/m,
    routers: ['-', '-', '-', '-'],
    verdict: 'better',
    why: 'A script needs no sleep.',
  },
  {
    title: 'Set the counters to zero',
    steps: ['clear counters', 'show counters nonzero limit 3'],
    says: /clear counters\nCounters are zero\.\n.*show counters nonzero limit 3\nInterface.*\n.*octo0/s,
    routers: ['clear counters', '-', 'clear interfaces counters', 'clear interfaces statistics'],
    verdict: 'same',
    why: '',
  },
  {
    title: 'Set up a session anew',
    steps: ['clear peer osaka', 'wait osaka up timeout 20', 'show peers'],
    says: /osaka +octo0 +up/,
    routers: [
      'clear crypto session',
      'clear bgp A',
      'reset vpn ipsec site-to-site peer A',
      'clear security ike sa A',
    ],
    verdict: 'same',
    why: '',
  },
  {
    title: 'Look at the packets themselves',
    steps: ['monitor capture tap-in link-out count 4'],
    says: /octo0 tap-in: .*10\.77\.0\.1\s+> 10\.77\.0\.2, ICMP, \d+ bytes\n.*link-out, peer osaka link \d:/s,
    routers: ['monitor capture', '-', 'monitor traffic interface', 'monitor traffic interface'],
    verdict: 'better',
    why: 'Before and behind encryption, and of what is dropped; pcapng with the reasons.',
  },
  {
    title: 'Who is logged in?',
    steps: ['show users'],
    says: /\d\* +root +\d+ +admin +.* octolink/,
    routers: ['show users', 'who', 'show login users', 'show system users'],
    verdict: 'same',
    why: '',
    isQuick: true,
  },
  {
    title: 'Everything for the support',
    steps: [{ line: 'show tech-support | count', shows: /\n\d+\n.*tokyo#$/s }],
    says: /^[1-9]\d{2,}$/m,
    routers: [
      'show tech-support',
      'show tech-support',
      'generate tech-support archive',
      'request support information',
    ],
    verdict: 'same',
    why: '',
  },
];
