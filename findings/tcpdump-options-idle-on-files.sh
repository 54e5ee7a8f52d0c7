#!/usr/bin/env bash
# tcpdump 4.99.3: `-s` and `-Q` are accepted with `-r` and do nothing: a copy has all bytes, and both directions are shown.
#
# `tcpdump -r FILE -s 60 -w COPY` looks like a copy with the first 60 bytes of each packet, and `tcpdump -r FILE -Q in` like what came in:
# the manual page says "Snarf snaplen bytes of data from each packet" and "Choose send/receive direction", and names no case
# in which they do not hold; a pcapng file tells the direction of each packet. Neither option is refused or warned of. The
# copy has every byte, and under `-Q in` and `-Q out` the same packets are shown. The filter `inbound` is refused with a message.
#
# Octolink: its captures tell directions, and they may have to be handed on without payload. To see one direction ask Wireshark for
# `frame.packet_flags_direction == 1` (in) or 2 (out); to have no payload in a file, capture with a small snap length.
set -euo pipefail

PACKAGES=(tcpdump=4.99.3-1 libpcap0.8=1.10.3-1)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v python3 >/dev/null || cannot 'python3 is missing'
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no ${PACKAGES[0]}"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
tcpdump="$work/package/usr/bin/tcpdump"
! ldd "$tcpdump" | grep 'not found' || cannot 'libraries are missing'
"$tcpdump" --version 2>&1 | sed -n 1,2p

cat >files.py <<'PROGRAM'
"""Writes a pcapng file with a packet that came in and one that went out; says how long the packets of a pcap file are."""
import struct
import sys

HEADER, SECTION, INTERFACE, PACKET = 24, 0x0A0D0D0A, 1, 6
FLAGS, IN, OUT = 2, 1, 2


def block(kind, body):
    return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)


def packet(direction, last):
    frame = bytes.fromhex('0200000000') + bytes([last]) + bytes.fromhex('020000000003' '88b5') + bytes(186)
    options = struct.pack('<HHI', FLAGS, 4, direction) + bytes(4)
    return block(PACKET, struct.pack('<5I', 0, 0, 0, len(frame), len(frame)) + frame + options)


if sys.argv[1] == 'write':
    with open('both.pcapng', 'wb') as out:
        out.write(block(SECTION, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1)) + block(INTERFACE, struct.pack('<HHI', 1, 0, 262144)))
        out.write(packet(IN, 1) + packet(OUT, 2))
else:
    with open(sys.argv[2], 'rb') as copy:
        data = copy.read()[HEADER:]
    while data:
        kept, = struct.unpack_from('<I', data, 8)
        print(kept, end=' ')
        data = data[16 + kept:]
PROGRAM
python3 files.py write

"$tcpdump" -Z root -n -r both.pcapng -s 60 -w copy.pcap 2>said-s.log
echo "bytes of the packets in a copy with -s 60: $(python3 files.py lengths copy.pcap)" | tee results.txt
for direction in in out; do
  echo "packets with -Q $direction: $("$tcpdump" -Z root -n -q -r both.pcapng -Q "$direction" 2>said-Q.log | grep -c 'length 200')" | tee -a results.txt
done
echo "the filter inbound: $("$tcpdump" -Z root -n -r both.pcapng inbound 2>&1 | grep -o 'not supported.*' || true)" | tee -a results.txt
echo "said besides: $(cat said-s.log said-Q.log | grep -v '^reading from file' || echo nothing)" | tee -a results.txt

expected='bytes of the packets in a copy with -s 60: 200 200 
packets with -Q in: 2
packets with -Q out: 2
the filter inbound: not supported on Ethernet when reading savefiles
said besides: nothing'
if [ "$(cat results.txt)" != "$expected" ]; then
  echo 'CHANGED: see above'
  exit 1
fi
echo 'as stated: both options are taken and do nothing'
