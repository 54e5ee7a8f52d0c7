#!/usr/bin/env bash
# Linux 6.18: a bridge that has no room for one more multicast group switches its snooping off, for good and without a word.
#
# mcast_hash_max (4096 unless set) limits the groups that a bridge remembers. One would expect the group that is too many to be
# flooded, or not, and the others to stay as they are. The bridge sets its own `mcast_snooping` to 0: all groups of all ports are
# flooded from then on, also when all have been left, until somebody sets it to 1. The kernel's log has nothing about it, and the
# message about the bridge that netlink gives to those who watch is not sent.
#
# Octolink: where octo0 is a port of such a bridge, every stream of that LAN begins to cross the tunnel one day, at once and for
# ever. IPv6 counts too: most addresses of stations have a group of their own. Raise mcast_hash_max, and watch `mcast_snooping`.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/groups.py" <<'PROGRAM'
"""A host behind a bridge with room for 16 groups joins them and one more, and leaves them all again."""
import json, socket, struct, subprocess, sys, time

ROOM = 16
IP_ADD_MEMBERSHIP = 35
RTMGRP_LINK = 1
CANNOT = 77

def ip(words):
    return subprocess.run(['ip', *words.split()], check=True, stdout=subprocess.PIPE, text=True).stdout

def snooping():
    return json.loads(ip('-d -j link show lan'))[0]['linkinfo']['info_data']['mcast_snooping']

def groups():
    listing = subprocess.run(['bridge', '-j', 'mdb', 'show', 'dev', 'lan'], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {entry['grp'] for entry in json.loads(listing)[0]['mdb'] if entry['port'] == 'port'}

def until(condition):
    end = time.monotonic() + 15
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)

def is_told():
    """Whether netlink has a message for those who watch devices."""
    try:
        return len(watch.recv(65536)) > 0
    except TimeoutError:
        return False

def floods():
    """Whether a port that wants nothing is given what is for a group that another port has joined."""
    listener.setblocking(False)
    try:
        while True:
            listener.recv(2000)
    except BlockingIOError:
        pass
    listener.settimeout(2)
    stream.sendto(b'stream', ('239.1.1.1', 9))
    stream.sendto(b'all hosts', ('224.0.0.1', 9))
    seen = b''
    while b'all hosts' not in seen:
        seen += listener.recv(2000)
    return b'stream' in seen

# The groups of the hosts' own addresses would be counted too.
with open('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'w') as setting:
    setting.write('1')
try:
    ip(f'link add lan type bridge mcast_hash_max {ROOM} mcast_querier 1 mcast_startup_query_interval 100 mcast_query_response_interval 100 '
       'mcast_last_member_interval 20')
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
for port, far in (('port', 'host'), ('bare', 'silent')):
    ip(f'link add {port} type veth peer name {far}')
    ip(f'link set {port} master lan')
    for device in (port, far):
        ip(f'link set {device} up')
ip('address add 192.0.2.1/24 dev host')
ip('address add 192.0.2.254/24 dev lan')
ip('link set lan up')
stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
stream.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('192.0.2.254'))
listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
listener.bind(('silent', 0))
members = []

def join(number):
    member = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    member.setsockopt(socket.IPPROTO_IP, IP_ADD_MEMBERSHIP, socket.inet_aton(f'239.1.1.{number}') + socket.inet_aton('192.0.2.1'))
    members.append(member)

join(1)
until(lambda: '239.1.1.1' in groups())
# A bridge that has begun to ask floods for a moment, in case somebody has not answered yet.
until(lambda: not floods())
for number in range(2, ROOM + 1):
    join(number)
    until(lambda: f'239.1.1.{number}' in groups())
found = [(len(groups()), snooping(), floods())]

watch = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
watch.bind((0, RTMGRP_LINK))
watch.settimeout(2)
join(ROOM + 1)
until(lambda: snooping() == 0)
found.append((ROOM + 1, snooping(), floods()))
silently = not is_told()
for member in members:
    member.close()
time.sleep(2)
join(1)
time.sleep(1)
found.append((1, snooping(), floods()))
for number, is_on, is_flooded in found:
    print(f'{number} groups joined: mcast_snooping {is_on}, a port that wants nothing {"gets" if is_flooded else "does not get"} 239.1.1.1')
ip('link set lan type bridge mcast_snooping 1')
by_hand = is_told()
print(f'message of netlink when the bridge changed it: {"none" if silently else "one"}, when ip did: {"one" if by_hand else "none"}')
sys.exit(0 if found == [(ROOM, 1, False), (ROOM + 1, 0, True), (1, 0, True)] and silently and by_hand else 2)
PROGRAM

status=0
unshare -n python3 "$work/groups.py" || status=$?
case $status in
  0) echo 'as stated: one group too many, and snooping is off for good' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel has no bridge that reads memberships' ;;
esac
