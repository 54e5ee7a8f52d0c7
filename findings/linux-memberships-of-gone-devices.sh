#!/usr/bin/env bash
# Linux 6.18: a socket's membership of an IPv4 group outlives the device it was for, and twenty such leave no room for another.
#
# When a device goes, its addresses and routes go with it, and one would expect so of the memberships of sockets: nothing is received or
# reported by them any more. They count on toward igmp_max_memberships (20), of which the kernel's documentation says that it is about
# what has to fit into a report. A program that joins the same group anew each time its device is made again is refused the 21st
# time (ENOBUFS), and receives nothing from then on. It cannot make room by leaving the group on the device that is there
# (EADDRNOTAVAIL), nor by the address that it had joined by, which belongs to the new device: only the index of a device that
# is gone serves. IPv6 keeps what is left over as well, but has no limit.
#
# Octolink: octo0 is another device each time that octolinkd was stopped and started, unless the interface has `persist`. A program that
# lives longer has to make a new socket when it joins again, or leave by the old index.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/join.py" <<'PROGRAM'
"""Joins a group by one socket each time that a TAP is made again, until it is refused, and then tries to leave it."""
import errno, fcntl, os, socket, struct, subprocess, sys

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
ADDRESS, GROUP4, GROUP6 = '192.0.2.1', socket.inet_aton('239.1.1.1'), socket.inet_pton(socket.AF_INET6, 'ff05::1234')
TIMES = 30


def made():
    """A TAP of one name and one address, which is there until it is closed."""
    tap = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
    for words in (f'addr add {ADDRESS}/24 dev tap0', 'link set tap0 up'):
        subprocess.run(['ip', *words.split()], check=True)
    return tap, socket.if_nametoindex('tap0')


def by_address(index):
    return socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.IP_DROP_MEMBERSHIP, GROUP4 + socket.inet_aton(ADDRESS)


def by_index(index):
    return socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.IP_DROP_MEMBERSHIP, struct.pack('=4s4si', GROUP4, bytes(4), index)


def ipv6(index):
    return socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.IPV6_LEAVE_GROUP, struct.pack('=16si', GROUP6, index)


def answer(member, level, option, value):
    try:
        member.setsockopt(level, option, value)
        return 'done'
    except OSError as error:
        return errno.errorcode[error.errno]


def join(member, way, index):
    level, add, _, value = way(index)
    return answer(member, level, add, value)


def leave(member, way, index):
    level, _, drop, value = way(index)
    return answer(member, level, drop, value)


found = []
with open('/proc/sys/net/ipv4/igmp_max_memberships') as setting:
    print(f'igmp_max_memberships: {setting.read().strip()}')
for name, family, way in (('IPv4 by address', socket.AF_INET, by_address), ('IPv4 by index', socket.AF_INET, by_index),
                          ('IPv6 by index', socket.AF_INET6, ipv6)):
    with socket.socket(family, socket.SOCK_DGRAM) as member, socket.socket(family, socket.SOCK_DGRAM) as other:
        joined, gone = 0, []
        while joined < TIMES:
            tap, index = made()
            said = join(member, way, index)
            if said != 'done':
                break
            joined += 1
            gone.append(index)
            os.close(tap)
        said = [said]
        if joined < TIMES:
            said.append(join(other, way, index))
            said += [leave(member, way, index), leave(member, by_index, gone[0]), join(member, way, index)]
            os.close(tap)
            print(f'{name}: joined on {joined} devices, one after the other; the next: {said[0]}; by a new socket: {said[1]}; '
                  f'leaving it: {said[2]}; leaving it on a device that is gone: {said[3]}; joining again: {said[4]}')
        else:
            print(f'{name}: joined on {joined} devices, one after the other; the last: {said[0]}')
        found.append((joined, said))
full = (20, ['ENOBUFS', 'done', 'EADDRNOTAVAIL', 'done', 'done'])
sys.exit(0 if found == [full, full, (TIMES, ['done'])] else 2)
PROGRAM

status=0
unshare --net python3 "$work/join.py" || status=$?
case $status in
  0) echo 'as stated: memberships of devices that are gone leave no room for others' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP that can be used here' ;;
esac
