#!/usr/bin/env bash
# Linux 6.18: a route may have an MTU above that of its device, and then frames above the device's MTU are sent.
#
# `ip route add … mtu 9000` over a device of MTU 1500 is accepted. One would expect the smaller of the two to hold, as it does for a
# socket that looks for the path MTU itself (IP_PMTUDISC_PROBE: EMSGSIZE). A socket that trusts the kernel (IP_PMTUDISC_DO) is told
# 9000, and 3000 bytes leave unfragmented in one frame, which the device takes in spite of its MTU; IPv6 does the same. On a cable
# such a frame is lost at the next port without a word.
#
# Octolink: octo0 hands over frames above its `mtu`; a read needs room for them, and they cross the tunnel in pieces, but a TAP or
# bridge behind may drop them. Where pings of one size vanish, look for `mtu` in `ip route`.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/mtu.py" <<'PROGRAM'
"""Sends 3000 bytes over a TAP of MTU 1500, by routes with an MTU and without, and prints what the TAP's reader gets."""
import errno, fcntl, os, select, socket, struct, subprocess, sys

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
DO, PROBE, SIZE, MTU = 2, 3, 3000, 1500
FAMILIES = {
    'IPv4': (socket.AF_INET, socket.IPPROTO_IP, 10, 14, 8, 20, '198.51.100.1', '198.51.100.2', '192.0.2.9'),
    'IPv6': (socket.AF_INET6, socket.IPPROTO_IPV6, 23, 24, 8, 40, '2001:db8:1::1', '2001:db8:1::2', '2001:db8::9'),
}

def ip(words):
    subprocess.run(['ip', *words.split()], check=True)

tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
ip(f'link set tap0 addrgenmode none mtu {MTU} up')
ip('addr add 192.0.2.1/24 dev tap0')
ip('addr add 2001:db8::1/64 dev tap0 nodad')
marks = 0

def send(name, address, how):
    """What the socket takes for the path MTU, and what became of SIZE bytes: an error, or how long the frame was."""
    global marks
    marks += 1
    family, level, discover, mtu = FAMILIES[name][:4]
    mark = f'datagram {marks}'.encode()
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(level, discover, how)
        sender.connect((address, 9))
        known = sender.getsockopt(level, mtu)
        try:
            sender.send(mark.ljust(SIZE, b'.'))
        except OSError as error:
            return known, errno.errorcode[error.errno]
        while select.select([tap], [], [], 5)[0]:
            frame = os.read(tap, 65536)
            if mark in frame:
                return known, len(frame)
        return known, 'lost'

found = {}
for name, (*_, udp, header, plain, large, router) in FAMILIES.items():
    ip(f'neigh add {router} lladdr 02:00:00:00:00:09 dev tap0')
    ip(f'route add {plain} via {router}')
    ip(f'route add {large} via {router} mtu 9000')
    cases = {'no mtu, DO': send(name, plain, DO), 'mtu 9000, DO': send(name, large, DO), 'mtu 9000, PROBE': send(name, large, PROBE)}
    for case, (known, became) in cases.items():
        print(f'{name}, route with {case}: path MTU {known}; {SIZE} bytes: {became if isinstance(became, str) else f"a frame of {became} bytes"}')
    found[name] = [became for _, became in cases.values()] == ['EMSGSIZE', 14 + header + udp + SIZE, 'EMSGSIZE']
sys.exit(0 if all(found.values()) else 2)
PROGRAM

status=0
unshare -n python3 "$work/mtu.py" || status=$?
case $status in
  0) echo 'as stated: the route is believed, and the frame is larger than the MTU of its device' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the device cannot be made' ;;
esac
