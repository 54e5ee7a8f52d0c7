#!/usr/bin/env bash
# Linux 6.18: with UDP_SEGMENT a socket that allows fragments may send none, not even a single datagram that is not cut at all.
#
# With IP_MTU_DISCOVER at IP_PMTUDISC_DONT, WANT or OMIT (or those of IPv6) the IP layer cuts a datagram that is larger than the MTU of
# the device: one of 1,473 bytes leaves in two fragments. UDP_SEGMENT cuts what is sent into datagrams of a size. One would
# expect each of those to go as it would by itself, and one that is no larger than that size to go as if the option were not set. Both
# are refused with "Message too long" as soon as the datagram does not fit the MTU, and so a socket on which the option was set once
# sends nothing of that size any more. What fits goes.
#
# Octolink: what a device with a lowered MTU refuses it sends again in fragments, datagram by datagram and without UDP_SEGMENT. It sets
# the option for single messages only, never on the socket.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/fragments.py" <<'PROGRAM'
"""Sends datagrams around the MTU into a TAP, with and without UDP_SEGMENT, and prints in how many packets they come out."""
import errno, fcntl, os, socket, struct, subprocess, sys

TUNSETIFF, TAP_NO_PI = 0x400454CA, 0x1002
UDP_SEGMENT, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 103, 10, 23
ALLOW_FRAGMENTS = {'DONT': 0, 'WANT': 1, 'OMIT': 5}
FAMILIES = {
    'IPv4': (socket.AF_INET, '192.0.2.2', socket.IPPROTO_IP, IP_MTU_DISCOVER, b'\x08\x00', 1472),
    'IPv6': (socket.AF_INET6, '2001:db8::2', socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, b'\x86\xdd', 1452),
}
IPV6_KINDS = (socket.IPPROTO_UDP, socket.IPPROTO_FRAGMENT)
PEER = '02:00:00:00:00:02'


def run(words):
    subprocess.run(['ip', *words.split()], check=True)


def packets(kind):
    """How many IP packets of UDP, whole or in fragments, have come to the reader."""
    count = 0
    try:
        while True:
            frame = os.read(tap, 70000)
            count += frame[12:14] == kind and (kind == b'\x08\x00' or frame[20] in IPV6_KINDS)
    except BlockingIOError:
        return count


def send(family, mode, size, segment):
    """In how many packets that many bytes leave, or "too long"."""
    version, address, level, option, kind, _ = FAMILIES[family]
    with socket.socket(version, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(level, option, ALLOW_FRAGMENTS[mode])
        if segment != 0:
            sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, segment)
        try:
            sender.sendto(bytes(size), (address, 9))
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            return 'too long'
    return packets(kind)


tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', TAP_NO_PI))
run('link set tap0 up')
run('addr add 192.0.2.1/24 dev tap0')
run('addr add 2001:db8::1/64 dev tap0 nodad')
for _, address, *_ in FAMILIES.values():
    run(f'neigh add {address} lladdr {PEER} dev tap0')

changed = False
for family, (*_, most) in FAMILIES.items():
    for mode in ALLOW_FRAGMENTS:
        answers = {
            'one that fits': send(family, mode, most, 0),
            'the same with segments of 2000': send(family, mode, most, 2000),
            'one too large': send(family, mode, most + 1, 0),
            'that with segments of 2000': send(family, mode, most + 1, 2000),
            'two in segments that fit': send(family, mode, 2 * most, most),
            'two in segments too large': send(family, mode, 2 * most + 2, most + 1),
        }
        print(f'{family}, {mode}: ' + ', '.join(f'{name}: {answer}' for name, answer in answers.items()))
        changed |= list(answers.values()) != [1, 1, 2, 'too long', 2, 'too long']
sys.exit(2 if changed else 0)
PROGRAM

status=0
unshare --net python3 "$work/fragments.py" || status=$?
case $status in
  0) echo 'as stated: with UDP_SEGMENT nothing is fragmented' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP that can be used here' ;;
esac
