#!/usr/bin/env bash
# tshark 4.0.17: a packet of 262,145 captured bytes makes the reader end there and call the file damaged.
#
# The file is valid: pcapng sets no limit to a packet, the interface declares none (snap length 0), and the block's own
# length says where the next one begins. One would expect the packet to be skipped or cut. Instead it and every packet
# after it stay unseen. With 262,144 bytes everything is read.
#
# Octolink: a writer of pcapng must cut packets to 262,144 bytes itself, or one oversized super-frame hides the rest of a
# capture.
set -euo pipefail

VERSION=4.0.17-0+deb12u3
PACKAGES=("tshark=$VERSION" "wireshark-common=$VERSION" "libwireshark16=$VERSION" "libwireshark-data=$VERSION"
  "libwiretap13=$VERSION" "libwsutil14=$VERSION" libpcap0.8=1.10.3-1 libc-ares2 liblua5.2-0 libsmi2ldbl libsnappy1v5)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v python3 >/dev/null || cannot 'python3 is missing'
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no tshark $VERSION"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu" HOME="$work"
tshark="$work/package/usr/bin/tshark"
! ldd "$tshark" | grep 'not found' || cannot 'libraries are missing'
"$tshark" --version 2>/dev/null | sed -n 1p

# write FILE LENGTH…: a pcapng file with one Ethernet packet of each length, little-endian, snap length 0.
write() {
  python3 - "$@" <<'PROGRAM'
import struct
import sys


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack('<II', kind, length) + body + struct.pack('<I', length)


file, *lengths = sys.argv[1:]
section = block(0x0A0D0D0A, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1))
interface = block(1, struct.pack('<HHI', 1, 0, 0))
header = bytes.fromhex('020000000009' '020000000008' '88b5')
with open(file, 'wb') as out:
    out.write(section + interface)
    for length in map(int, lengths):
        packet = header + bytes(length - len(header))
        out.write(block(6, struct.pack('<IIIII', 0, 0, 0, length, length) + packet))
PROGRAM
}

# show LENGTH…: leaves in $seen the lengths that tshark reads from a file with packets of these lengths.
show() {
  write sample.pcapng "$@"
  status=0
  seen=$("$tshark" -r sample.pcapng -T fields -e frame.cap_len 2>errors.log | tr '\n' ' ') || status=$?
  echo "packets of $* bytes: read ${seen}(status $status) $(grep -v 'Running as' errors.log | tr '\n' ' ' || true)"
}

show 60 262144 60
[ "$seen" = '60 262144 60 ' ] || { echo 'CHANGED: 262,144 bytes are not read as before'; exit 1; }
show 60 262145 60
if [ "$seen" != '60 ' ] || ! grep -q 'damaged or corrupt' errors.log; then
  echo 'CHANGED: a packet of 262,145 bytes no longer ends the file'
  exit 1
fi
echo 'as stated: a packet of 262,145 bytes ends the file, and what follows it is not shown'
