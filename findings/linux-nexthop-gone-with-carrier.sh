#!/usr/bin/env bash
# Linux 6.18: a route through a nexthop object is gone for good when the carrier of its device was away for a moment.
#
# Two routes lead to the same router by the same TAP: one names the router itself, one names a nexthop object (`ip nexthop`) that
# names it. When the carrier goes, the first is marked `linkdown` and is usable again when the carrier is back. One would expect the
# same of the second. The kernel deletes the object, and with it every route that names it, IPv4 and IPv6; of a group it takes the
# member. No message tells of the objects or of the IPv4 route, one of the IPv6 route, and nothing comes back with the carrier.
#
# Octolink: the carrier of octo0 goes while no daemon holds it, and that of an uplink with each pull of a cable. FRR puts its routes
# in by such objects and has to put each in again; what a script or a network manager put in that way stays away. Name the router in
# the route itself.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/nexthops.py" <<'PROGRAM'
"""Routes by name and by nexthop object, before the carrier of a TAP goes, while it is away and after it came back."""
import fcntl, json, os, select, socket, struct, subprocess, sys, time

TUNSETIFF, TUNSETCARRIER, TAP_NO_PI = 0x400454CA, 0x400454E2, 0x1002
ROUTES_IPV4, ROUTES_IPV6, NEXTHOPS = 1 << 6, 1 << 10, 32
SOL_NETLINK, ADD_MEMBERSHIP = 270, 1
RTM_DELROUTE, RTM_DELNEXTHOP = 25, 105
FAMILIES = {socket.AF_INET: 'IPv4', socket.AF_INET6: 'IPv6'}
CANNOT = 77
BY_NAME = {'198.51.100.0/24', '2001:db8:1::/64'}
BY_OBJECT = {'203.0.113.0/24', '2001:db8:2::/64'}

def ip(words):
    return subprocess.run(['ip', *words.split()], check=True, stdout=subprocess.PIPE, text=True).stdout

def tap(name):
    fd = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', name, TAP_NO_PI))
    return fd

def look(when):
    """The routes that are there, and the members of the group."""
    routes = {route['dst'] for family in ('-4', '-6') for route in json.loads(ip(f'-j {family} route'))} & (BY_NAME | BY_OBJECT)
    group = json.loads(ip('-j -6 route show 2001:db8:3::/64'))
    members = len(group[0].get('nexthops', [0])) if group else 0
    print(f"{when}: {', '.join(sorted(routes))}; the route of the group has {members} way{'s'[members == 1:]}")
    return routes, members

def running(is_wanted):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if ('LOWER_UP' in json.loads(ip('-j link show tap0'))[0]['flags']) == is_wanted and told(is_wanted):
            return
        time.sleep(0.1)

def told(is_wanted):
    """Whether routes have heard of the carrier: the kernel passes it on up to a second later."""
    route = json.loads(ip('-j route show 198.51.100.0/24'))[0]
    return ('linkdown' in route['flags']) != is_wanted

first, second = tap(b'tap0'), tap(b'tap1')
for number in (0, 1):
    ip(f'link set tap{number} up')
    ip(f'address add 192.0.2.{number * 128 + 1}/25 dev tap{number}')
    ip(f'address add 2001:db8:a{number}::1/64 dev tap{number} nodad')
for command in ('route add 198.51.100.0/24 via 192.0.2.2', '-6 route add 2001:db8:1::/64 via 2001:db8:a0::2'):
    ip(command)
try:
    ip('nexthop add id 1 via 192.0.2.2 dev tap0')
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
for command in ('nexthop add id 2 via 2001:db8:a0::2 dev tap0', 'nexthop add id 3 via 2001:db8:a1::2 dev tap1',
                'nexthop add id 4 group 2/3', 'route add 203.0.113.0/24 nhid 1', '-6 route add 2001:db8:2::/64 nhid 2',
                '-6 route add 2001:db8:3::/64 nhid 4'):
    ip(command)
found = [look('at first')]

messages = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
messages.bind((0, ROUTES_IPV4 | ROUTES_IPV6))
messages.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, NEXTHOPS)
fcntl.ioctl(first, TUNSETCARRIER, struct.pack('i', 0))
running(False)
found.append(look('without carrier'))
fcntl.ioctl(first, TUNSETCARRIER, struct.pack('i', 1))
running(True)
found.append(look('carrier back'))

deleted = []
while select.select([messages], [], [], 0)[0]:
    data, at = messages.recv(65536), 0
    while at < len(data):
        length, kind = struct.unpack_from('=IH', data, at)
        if kind in (RTM_DELROUTE, RTM_DELNEXTHOP):
            deleted.append(f"{FAMILIES[data[at + 16]]} {'route' if kind == RTM_DELROUTE else 'nexthop'}")
        at += (length + 3) & ~3
print(f'messages of something deleted: {deleted}')
lost = (BY_NAME, 1)
sys.exit(0 if found == [(BY_NAME | BY_OBJECT, 2), lost, lost] and deleted == ['IPv6 route'] else 2)
PROGRAM

status=0
unshare -n python3 "$work/nexthops.py" || status=$?
case $status in
  0) echo 'as stated: with its carrier back a device has the routes that name the router, and not those by an object' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP or no nexthop object that can be used here' ;;
esac
