#!/usr/bin/env bash
# Linux 6.18: IPv6 multicast for which no interface is named leaves by the device that came up first, whatever the routing table
# says.
#
# IPv4 multicast follows the routes: a route for the group, else the default route. One would expect the same of IPv6, at least for
# groups of wider scope, and that `ip -6 route add ff05::/16 dev …` directs it. Each device gets a route ff00::/8 of its own in the
# table `local`, which is asked before `main`, all with the same metric: the first wins, and routes in `main` are never reached.
# Joining a group without an interface follows the same rule.
#
# Octolink: an IPv6 stream that shall go through octo0 goes out by the cable although the route says octo0. Name the interface in
# the program (IPV6_MULTICAST_IF), or put the route into the table `local`.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/groups.py" <<'PROGRAM'
"""Sends to a group of each family while the default routes, then routes for the group, lead to the second of two devices."""
import fcntl, json, os, select, socket, struct, subprocess, sys, time

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
GROUPS = {socket.AF_INET: '239.5.5.5', socket.AF_INET6: 'ff05::5'}

def ip(words):
    return subprocess.run(['ip', *words.split()], check=True, stdout=subprocess.PIPE).stdout

def make(i):
    tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', f'tap{i}'.encode(), IFF_TAP_NO_PI))
    ip(f'addr add 192.0.{i}.1/24 dev tap{i}')
    ip(f'addr add 2001:db8:{i}::1/64 dev tap{i} nodad')
    ip(f'link set tap{i} up')
    while not any(route['dev'] == f'tap{i}' for route in json.loads(ip('-6 -j route show table local type multicast'))):
        time.sleep(0.05)
    return tap

taps = {make(i): f'tap{i}' for i in (1, 2)}
ip('neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev tap2')
ip('route add default via 192.0.2.9 dev tap2')
ip('-6 route add default via 2001:db8:2::9 dev tap2')
marks = 0

def leaves_by(family):
    global marks
    marks += 1
    mark = f'to the group {marks}'.encode()
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.sendto(mark, (GROUPS[family], 9))
    while ready := select.select(list(taps), [], [], 5)[0]:
        for tap in ready:
            if mark in os.read(tap, 65536):
                return taps[tap]
    return None

found = []
def show(routes):
    found.append(tuple(leaves_by(family) for family in GROUPS))
    print(f'{routes}: IPv4 leaves by {found[-1][0]}, IPv6 by {found[-1][1]}')

show('default routes to tap2')
ip('-6 route add ff05::/16 dev tap2 metric 1')
ip('route add 239.0.0.0/8 dev tap1')
show('routes for the groups: IPv4 to tap1, IPv6 to tap2')
ip('-6 route add multicast ff05::/16 dev tap2 table local')
show('the route of IPv6 in the table local')
sys.exit(0 if found == [('tap2', 'tap1'), ('tap1', 'tap1'), ('tap1', 'tap2')] else 2)
PROGRAM

status=0
unshare -n python3 "$work/groups.py" || status=$?
case $status in
  0) echo 'as stated: only a route in the table local directs IPv6 multicast' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the devices cannot be made' ;;
esac
