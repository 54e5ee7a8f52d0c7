#!/usr/bin/env bash
# pcap-ng-parser 1.0.0 (npm): every option of an interface is read eight times as long as it is.
#
# The length of an option of pcapng is in bytes (draft-ietf-opsawg-pcapng, section 3.5); the parser multiplies it by eight. A name of
# five characters takes the next forty bytes with it: the options that follow become part of the name, zero bytes are removed from it,
# and the resolution of timestamps is not seen, so that times of nanoseconds are taken for microseconds. Without any option behind
# the name the end of the block stands in it.
#
# Octolink: captures name and describe each point of a frame's path as an interface, and this parser gives them wrong names. In Node
# read them by `tshark -T json`.
set -euo pipefail

VERSION=1.0.0

cannot() { echo "cannot be tried here: $1"; exit 77; }
for program in node npm python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts "pcap-ng-parser@$VERSION" >install.log 2>&1 || cannot "no pcap-ng-parser $VERSION"
echo "pcap-ng-parser $(node -p 'require("pcap-ng-parser/package.json").version')"

cat >write.py <<'PROGRAM'
import struct

def block(kind, body):
    length = len(body) + 12
    return struct.pack('<II', kind, length) + body + struct.pack('<I', length)

def option(code, value):
    return struct.pack('<HH', code, len(value)) + value + bytes(-len(value) % 4)

for name in (b'tap0', b'octo0', b'octolink'):
    options = option(2, name) + option(9, b'\x09') + option(0, b'')
    with open(f'{name.decode()}.pcapng', 'wb') as out:
        out.write(block(0x0A0D0D0A, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1)))
        out.write(block(1, struct.pack('<HHI', 1, 0, 65535) + options))
PROGRAM
python3 write.py
cat >read.cjs <<'PROGRAM'
const { createReadStream } = require('node:fs');
const Parser = require('pcap-ng-parser');
const parser = new Parser();
parser.on('interface', (found) => console.log(JSON.stringify({ name: found.name, resolution: 'code_9' in found })));
parser.on('data', () => {});
createReadStream(process.argv[2]).pipe(parser);
PROGRAM
said=$(for name in tap0 octo0 octolink; do node read.cjs "$name.pcapng"; done)
echo "$said"
expected='{"name":"tap0\t\u0001\t(","resolution":false}
{"name":"octo0\t\u0001\t,","resolution":false}
{"name":"octolink\t\u0001\t,","resolution":false}'
[ "$said" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: the name takes what follows with it'
