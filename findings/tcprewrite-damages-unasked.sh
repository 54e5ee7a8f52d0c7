#!/usr/bin/env bash
# tcpreplay 4.4.3: `tcprewrite` makes multicasts of IPv6 frames and data of padding, whatever it was asked to rewrite.
#
# `tcprewrite --enet-vlan=del` is to take VLAN tags off, `--ttl=9` to set a hop limit. One would expect all else of each packet to stay; in a
# capture without tags the first should change nothing. Every IPv6 frame to one station gets 33:33 at the beginning of both addresses, so
# that it goes to all, from a source that no switch accepts. In each IPv4 frame that was padded to 60 bytes the padding counts as data
# afterwards: the length of the IP packet is raised, so a bare acknowledgement of TCP brings six bytes that nobody sent, and the
# checksum of UDP no longer fits. The manual page says nothing of either; later releases are said to be mended.
#
# Octolink: a capture of frames that is to be played into a tunnel for a test, and has to be rewritten before. Its IPv6 is flooded then, and
# the stations are not learned from it. Look at both fields before a test is believed.
set -euo pipefail

TCPREPLAY=4.4.3-1
PACKAGES=("tcpreplay=$TCPREPLAY" libdumbnet1=1.16.3-1 libpcap0.8=1.10.3-1)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
command -v python3 >/dev/null || cannot 'python3 is missing'
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no tcpreplay $TCPREPLAY"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
export PATH="$work/package/usr/bin:$PATH"
! ldd "$(command -v tcprewrite)" | grep 'not found' || cannot 'libraries are missing'
{ tcprewrite --version 2>&1 || true; } | grep -om 1 'tcprewrite version: [0-9.]*'

cat >packets.py <<'PROGRAM'
"""Writes a capture of four packets, or says what of them is different in another one."""
import struct, sys

TO, FROM = bytes.fromhex('020000000002'), bytes.fromhex('020000000001')
IPV4, IPV6, UDP, TCP = b'\x08\x00', b'\x86\xdd', 17, 6
ADDRESSES4 = bytes([192, 0, 2, 1, 192, 0, 2, 2])
ADDRESSES6 = bytes.fromhex('20010db8' + 11 * '00' + '01' + '20010db8' + 11 * '00' + '02')


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport_sum(addresses, protocol, body):
    return checksum(addresses + struct.pack('!HH', protocol, len(body)) + body)


def summed(addresses, protocol, body):
    at = 6 if protocol == UDP else 16
    return body[:at] + struct.pack('!H', transport_sum(addresses, protocol, body)) + body[at + 2:]


def ipv4(protocol, body):
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(body), 1, 0, 64, protocol, 0) + ADDRESSES4
    return IPV4 + head[:10] + struct.pack('!H', checksum(head)) + head[12:] + summed(ADDRESSES4, protocol, body)


def ipv6(body):
    return IPV6 + struct.pack('!IHBB', 6 << 28, len(body), UDP, 64) + ADDRESSES6 + summed(ADDRESSES6, UDP, body)


def datagram(data):
    return struct.pack('!4H', 1000, 2000, 8 + len(data), 0) + data


ACKNOWLEDGEMENT = struct.pack('!HHIIBBHHH', 1000, 2000, 1, 1, 5 << 4, 0x10, 500, 0, 0)
PACKETS = {
    'UDP over IPv4': ipv4(UDP, datagram(bytes(100))),
    'UDP over IPv4, padded': ipv4(UDP, datagram(b'hi')),
    'TCP over IPv4, an acknowledgement, padded': ipv4(TCP, ACKNOWLEDGEMENT),
    'UDP over IPv6': ipv6(datagram(bytes(100))),
}

if sys.argv[1] == 'write':
    with open('in.pcap', 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for packet in PACKETS.values():
            frame = (TO + FROM + packet).ljust(60, b'\0')
            out.write(struct.pack('<IIII', 0, 0, len(frame), len(frame)) + frame)
    sys.exit()

with open('out.pcap', 'rb') as rewritten:
    data = rewritten.read()[24:]
for name, before in PACKETS.items():
    length, = struct.unpack_from('<I', data, 8)
    frame, data = data[16:16 + length], data[16 + length:]
    changes = []
    if frame[:12] != TO + FROM:
        changes.append(f'from {frame[6:8].hex()}… to {frame[:2].hex()}…')
    if frame[12:14] == IPV4:
        was, now = (struct.unpack_from('!H', packet, 4)[0] for packet in (before, frame[12:]))
        if was != now:
            changes.append(f'{was} bytes became {now}')
        if frame[23] == UDP and transport_sum(ADDRESSES4, UDP, frame[34:34 + struct.unpack_from('!H', frame, 38)[0]]) != 0:
            changes.append('checksum of UDP wrong')
    print(f'{name}: {", ".join(changes) or "as it was"}')
PROGRAM
python3 packets.py write

for option in --enet-vlan=del --ttl=9; do
  tcprewrite "$option" -i in.pcap -o out.pcap 2>said.log || cannot "$(tail -1 said.log)"
  echo "after tcprewrite $option:"
  python3 packets.py read | sed 's/^/    /' | tee results.txt
  expected='    UDP over IPv4: as it was
    UDP over IPv4, padded: 30 bytes became 46, checksum of UDP wrong
    TCP over IPv4, an acknowledgement, padded: 40 bytes became 46
    UDP over IPv6: from 3333… to 3333…'
  [ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
done
echo 'as stated: addresses of IPv6 frames and lengths of padded ones are changed unasked'
