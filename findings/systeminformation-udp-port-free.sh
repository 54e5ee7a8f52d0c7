#!/usr/bin/env bash
# systeminformation 5.33.23: a UDP port at which a program waits is not listed, and a device that is gone is told as one that is silent.
#
# networkConnections(), "an array of all connections" whose protocol is "tcp or udp", lists TCP sockets that listen, but of UDP sockets only
# those that are connected: it picks lines of `netstat` or `ss` by names of states, and a bound socket of UDP has no state, or one that is
# not among them. On macOS its issue 737 asked for them, and since then it takes lines by protocol there. And of a name that no device has,
# networkStats() gives an entry with the state "unknown" and all counters 0, where one would expect none, or an error. That is what a TAP is
# said to be that works and has no traffic: Linux calls its state unknown until its carrier has been away once. Samples after the first
# differ in rates of null in place of 0; null is what the README says of a first one.
#
# Octolink: its UDP port seems free, and octo0 of a daemon that has ended looks like one without traffic. A program should ask `ss -u` for the
# port, and the daemon for octo0.
set -euo pipefail

VERSION=5.33.23

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip node npm python3 ss unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  script=$(realpath "$0")
  cd "$work"
  npm install --no-audit --no-fund --ignore-scripts --silent "systeminformation@$VERSION" >npm.log 2>&1 || cannot "no systeminformation $VERSION"
  status=0
  unshare --net --mount --pid --fork --kill-child --mount-proc bash "$script" inside || status=$?
  exit "$status"
fi

mount -t sysfs here /sys
ip link set lo up
node --version

cat >device.py <<'PROGRAM'
"""Holds a TAP that is up, until its input ends."""
import fcntl, os, struct, subprocess, sys

TUNSETIFF, TAP, NO_PI = 0x400454CA, 0x0002, 0x1000
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', TAP | NO_PI))
setting = '/proc/sys/net/ipv6/conf/tap0/disable_ipv6'
if os.path.exists(setting):
    with open(setting, 'w') as file:
        file.write('1')
subprocess.run(['ip', 'link', 'set', 'tap0', 'up'], check=True)
print('ready', flush=True)
sys.stdin.read()
PROGRAM
cat >sockets.py <<'PROGRAM'
"""Holds four sockets, until its input ends."""
import socket, sys

listening, bound, connected = socket.socket(), socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
listening.bind(('127.0.0.1', 7701))
listening.listen()
bound.bind(('127.0.0.1', 7702))
connected.bind(('127.0.0.1', 7703))
connected.connect(('127.0.0.1', 7702))
print('ready', flush=True)
sys.stdin.read()
PROGRAM
cat >ask.mjs <<'PROGRAM'
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import si from 'systeminformation';

async function start(program) {
  const child = spawn('python3', [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
async function end(child) {
  child.stdin.end();
  await once(child, 'exit');
}
async function stats(what, name) {
  const [found] = await si.networkStats(name);
  console.log(`${what}: ${JSON.stringify(found)}`);
  const { iface, ...rest } = found;
  return JSON.stringify(rest);
}

const device = await start('device.py');
console.log(execFileSync('ip', ['link', 'show', 'tap0'], { encoding: 'utf8' }).trim());
const silent = await stats('a TAP that works', 'tap0');
await end(device);
// Samples within half a second are the same one.
await setTimeout(1000);
const gone = await stats('it is gone', 'tap0');
const never = await stats('a name that never was', 'octo7');

const sockets = await start('sockets.py');
console.log(execFileSync('ss', ['-tuan'], { encoding: 'utf8' }).trim());
const listed = (await si.networkConnections()).map(({ protocol, localPort }) => `${protocol} ${localPort}`).sort();
console.log(`networkConnections(): ${listed.join(', ')}`);
await end(sockets);

const isAsStated = silent === gone && silent === never && listed.join() === 'tcp 7701,udp 7703';
process.exit(isAsStated ? 0 : 2);
PROGRAM
status=0
node ask.mjs || status=$?
case $status in
  0) echo 'as stated: a UDP port at which a program waits is not listed, and a device that is gone is silent' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the programs do not run' ;;
esac
