#!/usr/bin/env bash
# Wireshark 4.0.17: in a pcapng file of two sections the packets of the second have the names of the interfaces of the first.
#
# A section begins a new numbering of interfaces, so that files may simply be put behind each other, as the specification says. Each
# packet of the second file should have its own interface. Length, time and even frame.section_number are right, but tshark names
# the interface of the first section with the same number, capinfos counts the packet there and none at its own, and what mergecap or
# `tshark -w` write from it has the wrong name for good. A filter by name shows other packets than asked for, without a warning.
#
# Octolink: the points of a capture are interfaces, numbered in each file by itself. Do not `cat` captures together; open two files, or
# read them one after the other.
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
tools="$work/package/usr/bin"
! ldd "$tools/tshark" | grep 'not found' || cannot 'libraries are missing'
"$tools/tshark" --version 2>/dev/null | sed -n 1p

cat >write.py <<'PROGRAM'
import struct


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack('<II', kind, length) + body + struct.pack('<I', length)


for name, last in (('tap-in', 1), ('drops', 2)):
    text = name.encode().ljust(8, b'\0')
    frame = bytes.fromhex('020000000009' '020000000008' '88b5') + bytes(45) + bytes([last])
    with open(f'{name}.pcapng', 'wb') as out:
        out.write(block(0x0A0D0D0A, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1)))
        out.write(block(1, struct.pack('<HHI', 1, 0, 0) + struct.pack('<HH', 2, len(name)) + text + struct.pack('<HH', 0, 0)))
        out.write(block(6, struct.pack('<IIIII', 0, 0, last, len(frame), len(frame)) + frame))
PROGRAM
python3 write.py
cat tap-in.pcapng drops.pcapng >both.pcapng
"$tools/mergecap" -w merged.pcapng tap-in.pcapng drops.pcapng
"$tools/mergecap" -w copied.pcapng both.pcapng

names() { "$tools/tshark" -r "$1" -T fields -e frame.interface_name 2>>errors.log | tr '\n' ' '; }
of_each="$(names tap-in.pcapng)$(names drops.pcapng)"
of_both=$(names both.pcapng)
of_merged=$(names merged.pcapng)
of_copied=$(names copied.pcapng)
sections=$("$tools/tshark" -r both.pcapng -T fields -e frame.section_number 2>>errors.log | tr '\n' ' ')
counts=$("$tools/capinfos" both.pcapng | sed -nE 's/^ *(Name|Number of packets) = //p' | tr '\n' ' ')
echo "each file by itself: $of_each"
echo "merged by mergecap: $of_merged"
echo "put behind each other: $of_both(sections $sections; capinfos: $counts)"
echo "and copied by mergecap: $of_copied"
said="$of_each/$of_merged/$sections/$of_both/$counts/$of_copied"
[[ $said = 'tap-in drops /tap-in drops /1 2 /tap-in tap-in /tap-in 2 drops 0 tap-in 2 drops 0 /tap-in tap-in ' ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: both packets have the name of the first interface'
