/** Ten ways in which a tunnel breaks, each with the command that names the cause. */
import { PORT } from '../lab/mesh.js';
import type { Bed } from './bed.js';

/** Time goes back by 30 days for the daemon that is started so. */
const CLOCK_BACK = ['--import', 'data:text/javascript,const now=Date.now;Date.now=()=>now()-2592e6'];
const OTHER_KEY = 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=';
const FIREWALL = `table inet firewall { chain input { type filter hook input priority 0; udp dport ${PORT} drop; }; }`;
/** More than the control socket takes. */
const MANY_CLIENTS = 300;

export interface Breakage {
  title: string;
  /** What was done, in a sentence. */
  story: string;
  /** What to do, in a sentence. */
  remedy: string;
  /** The configuration of a host, if it is another one than that of a full mesh. */
  edit?(host: number, config: string): string;
  breakIt(bed: Bed): Promise<void>;
  /** What `show peers` must say. */
  peers: RegExp;
  /** Asked beside it, and what that must say. */
  command: string;
  says: RegExp;
  /** Puts the underlay back. */
  mend?(bed: Bed): Promise<void>;
}

async function startBoth(bed: Bed): Promise<void> {
  await bed.start(2);
  await bed.start(1);
}

async function startUp(bed: Bed): Promise<void> {
  await startBoth(bed);
  await bed.says('wait peer h2 up timeout 20');
}

function callsOnly(host: number, config: string): string {
  return host === 1 ? config.replace(/remote 10\S+ port \d+/g, 'remote dynamic') : config;
}

export const BREAKAGES: Breakage[] = [
  {
    title: 'The peer has another key',
    story: 'The configuration of h1 has a wrong `public-key` for h2.',
    remedy: 'Set `public-key` of the peer to the key that is named, if you know the host there.',
    edit: (host, config) =>
      host === 1 ? config.replace(/public-key \S+/, `public-key ${OTHER_KEY}`) : config,
    breakIt: startBoth,
    peers: /h2 .* down .* unknown key/,
    command: 'explain peer h2',
    says: /uses the unknown key\s+[\w+/]+=/,
  },
  {
    title: 'A firewall blocks the port',
    story: 'Firewalls at both ends drop what comes to the UDP port.',
    remedy: 'Let UDP pass to the port that is named, at both ends and between them.',
    async breakIt(bed) {
      for (const { index } of bed.lab.hosts) await bed.lab.run(index, 'nft', [FIREWALL]);
      await startBoth(bed);
    },
    peers: /h2 .* down .* no answer/,
    command: 'explain peer h2',
    says: /handshakes? sent to 10\S+:7700.*none answered: UDP is\s+blocked/s,
    async mend(bed) {
      for (const { index } of bed.lab.hosts) await bed.lab.run(index, 'nft', ['delete table inet firewall']);
    },
  },
  {
    title: 'The address of the peer is wrong',
    story: 'The links of h1 lead to addresses where nobody is.',
    remedy: 'Correct `remote` of the links.',
    edit: (host, config) =>
      host === 1
        ? config.replace(/(remote 10\.\d+\.0)\.2/g, '$1.9')
        : config.replace(/remote 10\S+ port \d+/g, 'remote dynamic'),
    breakIt: startBoth,
    peers: /h2 .* down .* no such host/,
    command: 'explain peer h2',
    says: /no host on the local network has the address\s+10\.\d+\.0\.9/,
  },
  {
    title: 'An interface is missing',
    story: 'The links of h1 are to leave by the interfaces wwan0 and wwan1, which do not exist.',
    remedy:
      'Nothing if the interface comes later, as that of a modem does: the link waits for it. Else correct `local`.',
    edit: (host, config) =>
      host === 1
        ? config.replace(/local 10\.1\S+/, 'local wwan0').replace(/local 10\.2\S+/, 'local wwan1')
        : config,
    breakIt: startBoth,
    peers: /h2 .* down .* interface absent/,
    command: 'explain peer h2',
    says: /interface wwan0 is not there/,
  },
  {
    title: 'Large packets vanish on the way',
    story: 'The second link loses what is larger than 1300 bytes, and no router says so.',
    remedy:
      'Nothing: Octolink finds the size that passes and cuts what is larger. To spare the cutting, lower `mtu`.',
    async breakIt(bed) {
      const { device, host } = bed.lab.attachment(2, 2);
      await bed.lab.run(host.index, 'ip', ['link', 'set', device, 'mtu', '1300']);
      await startUp(bed);
    },
    peers: /h2 .* up /,
    command: 'show mtu',
    says: /complete +13\d\d .* short/,
    async mend(bed) {
      const { device, host } = bed.lab.attachment(2, 2);
      await bed.lab.run(host.index, 'ip', ['link', 'set', device, 'mtu', '1500']);
    },
  },
  {
    title: 'The clock of the peer went back',
    story: 'h2 was started again with a clock that is 30 days behind, and without its state folder.',
    remedy: 'Set the clock of the peer right; or type `clear peer h2` here, which accepts its clock.',
    edit: callsOnly,
    async breakIt(bed) {
      await startUp(bed);
      await bed.stop(2);
      bed.forget(2);
      await bed.start(2, 2, CLOCK_BACK);
    },
    peers: /h2 .* down .* its clock went/,
    command: 'explain peer h2',
    says: /older than one before:\s+set\s+the\s+clock/,
  },
  {
    title: 'Two hosts have one key',
    story: 'h3 was made as a copy of h2, with its private key.',
    remedy: 'Give one of the hosts that are named a key of its own.',
    edit: callsOnly,
    async breakIt(bed) {
      await startUp(bed);
      await bed.start(3, 2);
    },
    peers: /h2 .* key on two/,
    command: 'explain peer h2',
    says: /two hosts use the key of peer h2 in\s+turn,\s+10\.\d\.0\.[23]\s+and\s+10\.\d\.0\.[23]/,
  },
  {
    title: 'A link keeps going down',
    story: 'The first link lost its carrier again and again within a minute.',
    remedy:
      'Look at what is beneath the link. It is used again when it has been steady, or if there is no other.',
    async breakIt(bed) {
      await startUp(bed);
      for (let turn = 0; turn < 6; turn++) {
        await bed.lab.setDevice(1, 1, 'down');
        await bed.says('wait peer h2 link 0 down timeout 10');
        await bed.lab.setDevice(1, 1, 'up');
        if (/damped/.test(await bed.says('show links'))) return;
        await bed.says('wait peer h2 link 0 up timeout 5');
      }
    },
    peers: /h2 .* up .* link 0/,
    command: 'explain peer h2',
    says: /link 0 went down too often and is held back/,
  },
  {
    title: 'The peer was shut down',
    story: 'On h2 somebody typed `shutdown` under the interface.',
    remedy: 'Ask who runs the peer.',
    async breakIt(bed) {
      await startUp(bed);
      const connection = await bed.connect(2);
      const lines = ['interface octo0', 'shutdown'];
      await connection.call('config.apply', { context: [], lines, mode: 'merge', checkOnly: false });
      connection.close();
      await bed.says('wait peer h2 down timeout 20');
    },
    peers: /h2 .* down .* said goodbye/,
    command: 'explain peer h2',
    says: /said goodbye/,
  },
  {
    title: 'The daemon is at its limits',
    story: 'A program of the host keeps opening connections to the control socket and never closes one.',
    remedy: 'End the process that is named, which here was the one that broke it.',
    async breakIt(bed) {
      await startUp(bed);
      const open = Array.from({ length: MANY_CLIENTS }, () => bed.connect().catch(() => null));
      bed.held = (await Promise.all(open)).filter((one) => one !== null);
    },
    peers: /clients are connected already, \d+ of them by process \d+/,
    command: 'show users',
    says: /clients are connected already, \d+ of them by process \d+ of user root/,
    async mend(bed) {
      for (const connection of bed.held) connection.close();
      bed.held = [];
    },
  },
];
