#!/usr/bin/env bash
# Linux 6.18, tcpdump 4.99.3: of a received frame with two VLAN tags `tcpdump -i any` shows an invalid IP packet.
#
# A packet socket of SOCK_DGRAM gives what is behind the link-level header, and the protocol of that beside it (packet(7)). With one VLAN
# tag both are right: the protocol is IPv4, the data begin with an IPv4 packet, and the tag is in the auxiliary data. With two one would
# expect either the inner tag as protocol and what follows it as data, or IPv4 and the packet. What comes when such a frame was received
# is half of each: the protocol says IPv4, while the data begin with the last four bytes of the inner tag. Frames that are sent
# have the packet, and of the inner tag nothing is left. Captures of all devices are made by such sockets: tcpdump prints "IP0 (invalid)".
# On the device itself all is right.
#
# Octolink: it carries frames with any tags, and what comes out of octo0 is received there. To look at two tags use `-i octo0`, or
# `monitor capture`, and never `-i any`.
set -euo pipefail

PACKAGES=(tcpdump=4.99.3-1 libpcap0.8=1.10.3-1)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no ${PACKAGES[0]}"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
! ldd package/usr/bin/tcpdump | grep 'not found' || cannot 'libraries are missing'
echo "Linux $(uname -r), $(package/usr/bin/tcpdump --version 2>&1 | head -1)"

cat >cooked.py <<'PROGRAM'
"""Has tagged frames received and sent by a TAP, and prints what sockets of SOCK_DGRAM and tcpdump make of them."""
import fcntl, os, socket, struct, subprocess, sys

TUNSETIFF, TAP_NO_PI = 0x400454CA, 0x1002
ETH_P_ALL = 3
CANNOT = 77
ADDRESSES = bytes.fromhex('ffffffffffff' '02000000000a')
TAGS = {'no tag': '', 'one tag': '81000064', 'a service and a customer tag': '88a8006481000005', 'two customer tags': '8100006481000005'}


def ipv4():
    """A UDP datagram to the discard port."""
    udp = struct.pack('!HHHH', 10000, 9, 8, 0)
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + socket.inet_aton('192.0.2.2') + socket.inet_aton('192.0.2.1')
    total = sum(struct.unpack('!10H', head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack('!H', ~total & 0xFFFF) + head[12:] + udp


def begins(data):
    if data[:20] == packet[:20]:
        return 'the packet'
    return f'{data[:4].hex()} and the packet' if data[4:24] == packet[:20] else data[:24].hex()


def captured(*options):
    """A tcpdump of those options; it runs when it has said so."""
    capture = subprocess.Popen(['package/usr/bin/tcpdump', '-Z', 'root', '-l', '-n', '-t', '-c', str(2 * len(TAGS)), *options],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in capture.stderr:
        if 'listening on' in line:
            return capture
    sys.exit(CANNOT)


with open('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'w') as setting:
    setting.write('1')
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', TAP_NO_PI))
subprocess.run('ip link set tap0 up'.split(), check=True)
cooked = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
cooked.bind(('tap0', ETH_P_ALL))
cooked.settimeout(10)
host = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
host.bind(('tap0', 0))
captures = {'any': captured('-i', 'any'), 'tap0': captured('-i', 'tap0')}

packet = ipv4()
found = {}
for name, tags in TAGS.items():
    frame = ADDRESSES + bytes.fromhex(tags + '0800') + packet + bytes(32)
    for way, pass_on in (('received', lambda: os.write(tap, frame)), ('sent', lambda: host.send(frame))):
        pass_on()
        data, address = cooked.recvfrom(2000)
        found[name, way] = f'protocol 0x{address[1]:04x}, {begins(data)}'
        print(f'{name}, {way}: {found[name, way]}')
said = {}
for device, capture in captures.items():
    lines = capture.communicate(timeout=60)[0].splitlines()
    said[device] = sum('192.0.2.2.10000 > 192.0.2.1.9: UDP' in line for line in lines)
    invalid = sum('invalid' in line for line in lines)
    print(f'tcpdump -i {device}: {len(lines)} packets, {said[device]} of them UDP, {invalid} "invalid"')

right = 'protocol 0x0800, the packet'
expected = {key: right for key in found}
for name in list(TAGS)[2:]:
    expected[name, 'received'] = 'protocol 0x0800, 00050800 and the packet'
sys.exit(0 if found == expected and said == {'any': 6, 'tap0': 8} else 2)
PROGRAM

status=0
unshare --net python3 cooked.py || status=$?
case $status in
  0) echo 'as stated: the protocol is that of the packet, the data begin in the second tag' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP that can be used here' ;;
esac
