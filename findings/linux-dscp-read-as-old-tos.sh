#!/usr/bin/env bash
# Linux 6.18: the preset queue of a device serves DSCP by the bits that it replaced: AF41 goes last, EF like everything else, AF42 first.
#
# pfifo_fast, the discipline that a kernel gives a device by itself, has three bands. Which one an IPv4 packet takes follows from
# the four bits "type of service" of RFC 1349, that DSCP replaced in 1998. One would expect packets of video (AF41) and voice (EF)
# to go before unmarked ones, or marks to change nothing; and RFC 2597 forbids that packets of one AF class are reordered. AF41,
# AF31, AF21 and AF11 wait behind everything, AF42 goes first, AF43 and EF are equal to unmarked packets. IPv6 packets are sent in
# their order, whatever their class.
#
# Octolink: all datagrams of a link have one mark, so a flow keeps its order. But `dscp 34` of a link puts it behind everything else
# on an interface with pfifo_fast that is full, and `dscp 46` gains nothing there: give the interface another discipline.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip tc python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/marks.py" <<'PROGRAM'
"""Sends datagrams with several DSCPs into pfifo_fast below a rate, and prints in which order they leave."""
import socket, subprocess, sys

IP_TOS, IPV6_TCLASS = 1, 67
MARKS = {'unmarked': 0, 'AF41': 34, 'AF43': 38, 'AF42': 36, 'EF': 46}
# Datagrams that go before: at 100 ms each they keep the queue busy until all others wait in it.
AHEAD, SIZE = 10, 1000

for words in ('ip link add wire type veth peer name other', 'ip addr add 192.0.2.1/24 dev wire', 'ip addr add 2001:db8::1/64 dev wire nodad',
              'ip link set other up', 'ip link set wire up', 'ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev wire',
              'ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev wire',
              'tc qdisc add dev wire root handle 1: tbf rate 80kbit burst 1600 limit 200000', 'tc qdisc add dev wire parent 1:1 pfifo_fast'):
    subprocess.run(words.split(), check=True)
watch = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
watch.bind(('other', 0))
watch.settimeout(10)

def order(name, family, address, level, option):
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        for _ in range(AHEAD):
            sender.sendto(bytes(SIZE), (address, 9))
        for mark, dscp in MARKS.items():
            sender.setsockopt(level, option, dscp << 2)
            sender.sendto(f'mark {mark:10}'.encode() + bytes(SIZE), (address, 9))
    seen = []
    while len(seen) < len(MARKS):
        frame = watch.recv(2000)
        if (at := frame.find(b'mark ')) >= 0:
            seen.append(frame[at + 5:at + 15].decode().strip())
    print(f"{name}: sent {', '.join(MARKS)}; left {', '.join(seen)}")
    return seen

four = order('IPv4', socket.AF_INET, '192.0.2.2', socket.IPPROTO_IP, IP_TOS)
six = order('IPv6', socket.AF_INET6, '2001:db8::2', socket.IPPROTO_IPV6, IPV6_TCLASS)
sys.exit(0 if four == ['AF42', 'unmarked', 'AF43', 'EF', 'AF41'] and six == list(MARKS) else 2)
PROGRAM

status=0
unshare -n python3 "$work/marks.py" || status=$?
case $status in
  0) echo 'as stated: IPv4 by bits that mean something else today, IPv6 in order' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the disciplines cannot be set' ;;
esac
