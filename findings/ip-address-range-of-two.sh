#!/usr/bin/env bash
# ip-address 10.7.6: the hosts of a /31 or /127 go from the second address to the first, and of a /32 from the next to the one before.
#
# startAddressExclusive() and endAddressExclusive() give the first and last host of a subnet, without network and broadcast. On links
# between two routers both addresses are hosts (RFC 3021, RFC 6164), and of a /32 its one. One would expect these, or an error. The
# library counts one up and one down all the same: a loop over the range does nothing, and "is it within" is never true; for a /32 the
# ends are even outside the subnet. netmask, the neighbour on npm, has both addresses.
#
# Octolink: addresses on octo0 and for its links may have any length of prefix. A program that lists hosts should use startAddress() and
# endAddress() for the last two lengths.
set -euo pipefail

VERSION=10.7.6
NETMASK=2.1.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v node >/dev/null || cannot 'node is missing'
npm install --no-audit --no-fund --ignore-scripts --silent "ip-address@$VERSION" "netmask@$NETMASK" >npm.log 2>&1 ||
  cannot "no ip-address $VERSION or netmask $NETMASK"
node --version

said=$(node -e "
  const { Address4, Address6 } = require('ip-address');
  const { Netmask } = require('netmask');
  for (const subnet of ['192.0.2.8/30', '192.0.2.8/31', '192.0.2.8/32', '2001:db8::8/127']) {
    const address = subnet.includes(':') ? new Address6(subnet) : new Address4(subnet);
    const ends = [address.startAddressExclusive(), address.endAddressExclusive()].map((end) => end.correctForm());
    const other = subnet.includes(':') ? '' : (({ first, last }) => '; netmask: ' + first + ' to ' + last)(new Netmask(subnet));
    console.log(subnet + ': ' + ends.join(' to ') + other);
  }
")
echo "$said"
expected='192.0.2.8/30: 192.0.2.9 to 192.0.2.10; netmask: 192.0.2.9 to 192.0.2.10
192.0.2.8/31: 192.0.2.9 to 192.0.2.8; netmask: 192.0.2.8 to 192.0.2.9
192.0.2.8/32: 192.0.2.9 to 192.0.2.7; netmask: 192.0.2.8 to 192.0.2.8
2001:db8::8/127: 2001:db8::9 to 2001:db8::8'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: the first host comes after the last'
