#!/usr/bin/env bash
# dpkt 1.9.8: packets of all interfaces of a pcapng file get the time resolution of the first interface.
#
# In pcapng each interface states its own resolution (if_tsresol), and files with several are what a merge of a capture of the kernel
# (nanoseconds) with one of an older tool (microseconds) gives. Two packets of the same second are read as years 2023 and 55840, or, in the
# other order, 2023 and 1970. One would expect what tshark, tcpdump and scapy read: the same time twice.
#
# Octolink: all interfaces of its captures have microseconds, so dpkt reads them rightly, but not together with those of a tool that has
# nanoseconds: read each file by itself.
set -euo pipefail

VERSION=1.9.8-1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v python3 >/dev/null || cannot 'python3 is missing'
apt-get download -q "python3-dpkt=$VERSION" >download.log 2>&1 || cannot "no python3-dpkt $VERSION"
dpkg -x ./*.deb package
export PYTHONPATH="$work/package/usr/lib/python3/dist-packages"
python3 -c 'import dpkt; print("dpkt", dpkt.__version__)' || cannot 'dpkt does not run'

cat >times.py <<'PROGRAM'
import io
import struct
import dpkt

SECOND = 1_700_000_000


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack('<II', kind, length) + body + struct.pack('<I', length)


def interface(digits):
    return block(1, struct.pack('<HHI', 1, 0, 0) + struct.pack('<HHB3xHH', 9, 1, digits, 0, 0))


def packet(number, ticks):
    frame = bytes.fromhex('020000000009' '020000000008' '88b5') + bytes(46)
    return block(6, struct.pack('<IIIII', number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)) + frame)


for resolutions in ((6, 6), (9, 9), (6, 9), (9, 6)):
    file = block(0x0A0D0D0A, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1)) + b''.join(map(interface, resolutions))
    file += b''.join(packet(number, SECOND * 10**digits) for number, digits in enumerate(resolutions))
    print(*(f'10^-{digits}' for digits in resolutions), 'times:', *(int(time) for time, _ in dpkt.pcapng.Reader(io.BytesIO(file))))
PROGRAM
said=$(python3 times.py)
echo "$said"
expected='10^-6 10^-6 times: 1700000000 1700000000
10^-9 10^-9 times: 1700000000 1700000000
10^-6 10^-9 times: 1700000000 1700000000000
10^-9 10^-6 times: 1700000000 1700000'
[[ $said = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: the second interface is read with the resolution of the first'
