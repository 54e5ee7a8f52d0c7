/** What the machine has to offer: programs, privileges, the TUN device; and how to get what is missing. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CANNOT_RUN, SetUpError, say } from './say.mjs';

/** Debian's name of the package that a program comes in, where it is another one. */
const PACKAGE_OF = {
  ping: 'iputils-ping',
  nft: 'nftables',
  ip: 'iproute2',
  ss: 'iproute2',
  tc: 'iproute2',
  'dpkg-deb': 'dpkg',
  'qemu-aarch64-static': 'qemu-user-static',
  'aarch64-linux-gnu-g++': 'g++-aarch64-linux-gnu',
};

const NODE_FLOOR = [20, 19];

/** A sentence when this Node is too old, else undefined. */
export function nodeProblem(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1])) return undefined;
  return `Octolink needs Node ${NODE_FLOOR.join('.')} or newer, and this is ${version}: install a newer Node.`;
}

/** True when a program is in the search path, or where Debian keeps programs for root. */
export function hasProgram(name, path = process.env.PATH ?? '') {
  return [...path.split(delimiter), '/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, name)));
}

/** Debian packages for programs, each once. */
export function packagesFor(programs) {
  return [...new Set(programs.map((name) => PACKAGE_OF[name] ?? name))];
}

/** Installs the Debian packages of missing programs where that is possible, and says so where it is not. */
export function ensurePrograms(programs) {
  const missing = () => programs.filter((name) => !hasProgram(name));
  if (missing().length === 0) return;
  const packages = packagesFor(missing());
  const wish = `${missing().join(', ')} missing: install ${packages.join(' ')}`;
  if (process.getuid() !== 0) throw new SetUpError(`${wish}, or run this as root.`, CANNOT_RUN);
  if (!hasProgram('apt-get')) throw new SetUpError(`${wish} with this system's package manager.`, CANNOT_RUN);
  say(`installing Debian packages: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args) =>
    spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 2] }).status === 0;
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  if (!aptGet(...install)) {
    aptGet('update', '-q');
    aptGet(...install);
  }
  if (missing().length > 0) {
    throw new SetUpError(
      `apt-get could not install ${packages.join(' ')}: install them by hand.`,
      CANNOT_RUN,
    );
  }
}

/** One sentence that says why no lab can be built here and what to do about it; undefined if one can. */
export function labProblem() {
  if (process.getuid() !== 0) {
    return 'This needs root, to make network namespaces and TAP devices: run it again with sudo.';
  }
  if (!existsSync('/dev/net/tun')) {
    return (
      'This needs /dev/net/tun: run `modprobe tun`, ' +
      'or start the container with `--device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN`.'
    );
  }
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
  } catch (error) {
    return `This needs /dev/net/tun, and opening it failed (${error.code}): allow the device in the container.`;
  }
  const probe = `octo-${process.pid}-probe`;
  const made = spawnSync('ip', ['netns', 'add', probe], { encoding: 'utf8' });
  spawnSync('ip', ['netns', 'del', probe]);
  if (made.status !== 0) {
    return 'This needs the right to make network namespaces: run it with the capability SYS_ADMIN.';
  }
  return undefined;
}
