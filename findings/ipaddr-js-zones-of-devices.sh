#!/usr/bin/env bash
# ipaddr.js 2.5.0: a link-local address is not valid when the name of its device has a dot, a hyphen or an underscore.
#
# RFC 4007 leaves the form of a zone to the system, and on Linux it is the name of a device: eth0.100 for a VLAN, br-lan, wg_office.
# The library has a place for the zone, keeps eth0 in it, and calls fe80::1%eth0.100 no address at all: isValid() is false, and parse()
# says that it "has neither IPv6 nor IPv4 format". Node's own net.isIPv6() takes dot and hyphen, but not the underscore, although
# getaddrinfo() of the system takes any name of a device that is there.
#
# Octolink: programs that take addresses from its JSON meet such zones. Check what stands before the `%`, which both judge rightly, and
# leave the zone to the system.
set -euo pipefail

VERSION=2.5.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v node >/dev/null || cannot 'node is missing'
npm install --no-audit --no-fund --ignore-scripts --silent "ipaddr.js@$VERSION" >npm.log 2>&1 || cannot "no ipaddr.js $VERSION"
node --version

said=$(node -e "
  const ipaddr = require('ipaddr.js');
  const { isIPv6 } = require('node:net');
  for (const zone of ['eth0', 'eth0.100', 'br-lan', 'wg_office']) {
    const address = 'fe80::1%' + zone;
    console.log(address, 'node:', isIPv6(address), 'ipaddr.js:', ipaddr.isValid(address));
  }
")
echo "$said"
expected='fe80::1%eth0 node: true ipaddr.js: true
fe80::1%eth0.100 node: true ipaddr.js: false
fe80::1%br-lan node: true ipaddr.js: false
fe80::1%wg_office node: false ipaddr.js: false'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: of the four zones it takes the one of letters and digits, and Node three'
