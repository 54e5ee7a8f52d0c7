#!/usr/bin/env bash
# Linux 6.18: when a carrier comes back, the host tells its IPv6 groups again at once, and its IPv4 groups not at all.
#
# A cable that was out may be in another port of a switch that reads IGMP and MLD, which then knows nothing of this host. One
# would expect the kernel to report the memberships of both families, or of neither. It sends MLD reports for the IPv6 groups and a
# router solicitation; the IPv4 groups wait until a querier asks, which by default is every 125 seconds.
#
# Octolink: a switch must not take silence for "nobody wants it": a port that came or came back after the last question gets
# everything until the next one is asked. Behind other switches a stream may stand still for two minutes: shorten the querier's interval.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/groups.py" <<'PROGRAM'
"""Joins a group of each family on a TAP, takes its carrier away and gives it back, and prints the reports that leave."""
import fcntl, os, select, socket, struct, subprocess, sys, time

TUNSETIFF, TUNSETCARRIER, IFF_TAP_NO_PI = 0x400454CA, 0x400454E2, 0x1002
IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP = 35, 20
IGMP_REPORT, MLD_REPORT = b'\x22', b'\x8f'
V4, V6 = socket.inet_aton('239.1.1.1'), socket.inet_pton(socket.AF_INET6, 'ff05::1234')
SECONDS = 6

tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
for words in ('addr add 192.0.2.1/24 dev tap0', 'addr add 2001:db8::1/64 dev tap0 nodad', 'link set tap0 up'):
    subprocess.run(['ip', *words.split()], check=True)

def reports(when):
    """How many reports name the group of each family within SECONDS."""
    found = {'IGMP': 0, 'MLD': 0}
    end = time.monotonic() + SECONDS
    while (left := end - time.monotonic()) > 0:
        if not select.select([tap], [], [], left)[0]:
            break
        frame = os.read(tap, 65536)
        found['IGMP'] += frame[12:14] == b'\x08\x00' and frame[23] == 2 and IGMP_REPORT in frame[34:] and V4 in frame[34:]
        found['MLD'] += frame[12:14] == b'\x86\xdd' and MLD_REPORT in frame[54:] and V6 in frame[54:]
    print(f"{when}: {found['IGMP']} IGMP and {found['MLD']} MLD reports of the groups within {SECONDS} s")
    return found

def carrier(on):
    fcntl.ioctl(tap, TUNSETCARRIER, struct.pack('i', on))
    # Reading the file makes the kernel handle the change at once.
    with open('/sys/class/net/tap0/carrier') as file:
        assert file.read().strip() == str(on)

four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
four.setsockopt(socket.IPPROTO_IP, IP_ADD_MEMBERSHIP, V4 + socket.inet_aton('192.0.2.1'))
six.setsockopt(socket.IPPROTO_IPV6, IPV6_JOIN_GROUP, V6 + struct.pack('I', socket.if_nametoindex('tap0')))
joined = reports('both groups joined')
carrier(0)
carrier(1)
back = reports('the carrier went and came back')
if not (joined['IGMP'] and joined['MLD']):
    sys.exit(3)
sys.exit(0 if back['IGMP'] == 0 and back['MLD'] > 0 else 2)
PROGRAM

status=0
unshare -n -m sh -c "mount -t sysfs sysfs /sys && exec python3 $work/groups.py" || status=$?
case $status in
  0) echo 'as stated: only the IPv6 groups are told again' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the groups are not reported at all' ;;
esac
