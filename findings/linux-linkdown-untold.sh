#!/usr/bin/env bash
# Linux 6.18: a route becomes `linkdown` when its device loses the carrier, and rtnetlink sends no message about the route.
#
# `ip route` shows the flag (RTNH_F_LINKDOWN) at once, and with ignore_routes_with_linkdown the lookup passes over such a route, so the
# answer to "which way to this address" changes. One would expect a program that listens to RTM_NEWROUTE and RTM_DELROUTE to be told:
# those are the messages in which the flag travels. Neither comes, for IPv4 or IPv6, when the carrier goes or when it comes back.
#
# Octolink: where a link leaves is asked anew at each message about a link as well as about a route; a copy of the routing table kept
# from route messages alone grows false.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r), $(ip -V)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/routes.py" <<'PROGRAM'
"""Two ways to one network, the better one by a TAP whose carrier goes; prints what is looked up and what was told."""
import fcntl, json, os, socket, struct, subprocess, sys

TUNSETIFF, TUNSETCARRIER, IFF_TAP_NO_PI = 0x400454CA, 0x400454E2, 0x1002
RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWLINK = 24, 25, 16
GROUPS = 0x1 | 0x40 | 0x400  # RTMGRP_LINK, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_ROUTE
IFF_LOWER_UP = 0x10000

def make(name):
    tap = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP_NO_PI))
    return tap

def ip(words):
    shown = subprocess.run(['ip', *words.split()], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(shown) if words.startswith('-j') else None

taps = [make('tap0'), make('tap1')]
for path in ('ipv4/conf/all', 'ipv4/conf/tap0', 'ipv6/conf/all', 'ipv6/conf/tap0'):
    with open(f'/proc/sys/net/{path}/ignore_routes_with_linkdown', 'w') as file:
        file.write('1')
for i in (0, 1):
    ip(f'addr add 192.0.2.{i + 1}/24 dev tap{i} noprefixroute')
    ip(f'addr add 2001:db8::{i + 1}/64 dev tap{i} nodad noprefixroute')
    ip(f'link set tap{i} addrgenmode none up')
    ip(f'route add 198.51.100.0/24 dev tap{i} metric {10 + i}')
    ip(f'-6 route add 2001:db8:1::/64 dev tap{i} metric {10 + i}')

listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
listener.bind((0, GROUPS))
listener.settimeout(5)

def told_until_carrier(on):
    """The kinds of all messages up to the one that tells the carrier of tap0, and for half a second after it."""
    kinds, is_told = [], False
    while True:
        try:
            data = listener.recv(65536)
        except TimeoutError:
            assert is_told
            listener.settimeout(5)
            return kinds
        while data:
            length, kind = struct.unpack('=IH', data[:6])
            kinds.append(kind)
            if kind == RTM_NEWLINK and struct.unpack('=i', data[20:24])[0] == socket.if_nametoindex('tap0'):
                if bool(struct.unpack('=I', data[24:28])[0] & IFF_LOWER_UP) == on:
                    is_told = True
                    listener.settimeout(0.5)
            data = data[(length + 3) & ~3:]

def ways():
    return [ip(f'-j route get {address}')[0]['dev'] for address in ('198.51.100.9', '2001:db8:1::9')]

def flagged():
    return sum('linkdown' in route['flags'] for family in '46' for route in ip(f'-j -{family} route show dev tap0'))

def wait_for_silence():
    """Until nothing more is told of how the devices were set up."""
    listener.settimeout(2)
    try:
        while True:
            listener.recv(65536)
    except TimeoutError:
        listener.settimeout(5)

wait_for_silence()
found = [(ways(), flagged())]
messages = []
print(f'with carriers: ways {found[0][0]}, {found[0][1]} routes marked linkdown')
for on in (0, 1):
    fcntl.ioctl(taps[0], TUNSETCARRIER, struct.pack('i', on))
    messages += told_until_carrier(bool(on))
    found.append((ways(), flagged()))
    print(f"carrier of tap0 {'back' if on else 'gone'}: ways {found[-1][0]}, {found[-1][1]} routes marked linkdown")
of_routes = sum(kind in (RTM_NEWROUTE, RTM_DELROUTE) for kind in messages)
print(f'messages: {messages.count(RTM_NEWLINK)} about links, {of_routes} about routes')
first, gone, back = found
as_before = first == back == (['tap0', 'tap0'], 0)
sys.exit(0 if as_before and gone[0] == ['tap1', 'tap1'] and gone[1] >= 2 and of_routes == 0 else 2)
PROGRAM

status=0
unshare -n python3 "$work/routes.py" || status=$?
case $status in
  0) echo 'as stated: the ways have changed and changed back, and nobody was told of a route' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the routes cannot be set' ;;
esac
