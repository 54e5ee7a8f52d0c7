#!/usr/bin/env bash
# wireguard-tools 0.1.0 and wireguard-tools.js 1.8.1: a file of WireGuard that is read and written again has lost what made it work.
#
# Both read the files of wg(8) and wg-quick(8) into an object and write such files, and wireguard-tools shows in its README how a file is read
# and written again. One would expect what stands in the file, or an error. wireguard-tools takes a comment that names a key for its value, looks
# for the keepalive of a peer in the section of the interface, keeps the first of several lines of one key, and ends a peer at the bracket of an
# IPv6 endpoint. wireguard-tools.js leaves the last line of every section but the last of the file out, here the private key and the endpoint
# of a peer, has no keepalive, MTU and PostUp, and puts two public DNS servers in where none stood. Nothing is said.
#
# Octolink: whoever moves from VXLAN over WireGuard may read the old files with a program. Of the peers, endpoints and networks that it finds
# so some are missing, and one that is taken from a comment may be long gone.
set -euo pipefail

VERSION=0.1.0
JS=1.8.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v node >/dev/null || cannot 'node is missing'
npm install --no-audit --no-fund --ignore-scripts --silent "wireguard-tools@$VERSION" "wireguard-tools.js@$JS" >npm.log 2>&1 ||
  cannot "no wireguard-tools $VERSION or wireguard-tools.js $JS"
node --version

cat >wg0.conf <<'TEXT'
[Interface]
Address = 10.9.0.1/24
# MTU = 1280
MTU = 1420
ListenPort = 51820
PostUp = ip link set vxlan0 up
PrivateKey = aMadeUpPrivateKeyOfNobody000000000000000000=

[Peer]
# the old key of osaka, PublicKey = oldKeyOfOsaka000000000000000000000000000000=
PublicKey = newKeyOfOsaka000000000000000000000000000000=
AllowedIPs = 10.9.0.2/32
AllowedIPs = 192.0.2.0/24
PersistentKeepalive = 25
Endpoint = 203.0.113.2:51820

[Peer]
PublicKey = keyOfKyoto000000000000000000000000000000000=
AllowedIPs = 10.9.0.3/32
Endpoint = [2001:db8::3]:51820
PersistentKeepalive = 25
TEXT
echo 'the file:'
cat wg0.conf

cat >again.mjs <<'PROGRAM'
import { readFileSync } from 'node:fs';
import tools from 'wireguard-tools';
import { wgQuick } from 'wireguard-tools.js';

const text = readFileSync('wg0.conf', 'utf8');
const written = { first: () => tools.generateConfigString(tools.parseConfigString(text)), second: () => wgQuick.stringify(wgQuick.parse(text)) };
console.log(written[process.argv[2]]());
PROGRAM
node again.mjs first >first.txt || cannot 'wireguard-tools does not run'
node again.mjs second >second.txt || cannot 'wireguard-tools.js does not run'
printf '\nread and written by wireguard-tools %s:\n' "$VERSION"
cat first.txt
printf '\nread and written by wireguard-tools.js %s:\n' "$JS"
cat second.txt

cat >expected-first.txt <<'TEXT'
[Interface]
Address = 10.9.0.1/24
PrivateKey = aMadeUpPrivateKeyOfNobody000000000000000000=
ListenPort = 51820
MTU = 1280
PostUp = ip link set vxlan0 up

[Peer]
PublicKey = oldKeyOfOsaka000000000000000000000000000000=
AllowedIPs = 10.9.0.2/32
Endpoint = 203.0.113.2:51820

[Peer]
PublicKey = keyOfKyoto000000000000000000000000000000000=
AllowedIPs = 10.9.0.3/32
TEXT
cat >expected-second.txt <<'TEXT'
[Interface]
ListenPort = 51820
Address = 10.9.0.1/24
DNS = 1.1.1.1, 8.8.8.8

[Peer]
PublicKey = newKeyOfOsaka000000000000000000000000000000=
AllowedIPs = 10.9.0.2/32, 192.0.2.0/24

[Peer]
PublicKey = keyOfKyoto000000000000000000000000000000000=
Endpoint = [2001:db8::3]:51820
AllowedIPs = 10.9.0.3/32
TEXT
echo
for name in first second; do cmp -s "$name.txt" "expected-$name.txt" || { echo 'CHANGED: see above'; exit 1; }; done
echo 'as stated: neither file is the one that was read'
