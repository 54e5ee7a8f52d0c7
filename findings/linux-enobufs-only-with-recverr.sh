#!/usr/bin/env bash
# Linux 6.18: whether send() says that the host's own queue dropped the datagram depends on IP_RECVERR, which is about ICMP errors.
#
# A UDP socket sends into a device whose queue is full. Without the option, which is the default, each send succeeds; SndbufErrors
# and the queue's drops count. With IP_RECVERR (IPv6: IPV6_RECVERR) the same sends fail with ENOBUFS. One would expect one answer
# for both, or an option whose name or page says so: ip(7) speaks of an error queue for errors that come in later, and send(2) of
# ENOBUFS as something that normally does not occur on Linux.
#
# Octolink: its sockets have the error queue off, so what `tc` drops on this host looks like loss of the link. SndbufErrors and the
# queues of the interface (`tc -s qdisc`) tell the difference.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip tc python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/sends.py" <<'PROGRAM'
"""Sends into a full queue with the option and without, and compares what the socket says with what the queue counts."""
import errno, json, socket, subprocess, sys

COUNT, SIZE = 30, 500
IP_RECVERR, IPV6_RECVERR = 11, 25
KINDS = {'IPv4': (socket.AF_INET, '192.0.2.2', socket.IPPROTO_IP, IP_RECVERR),
         'IPv6': (socket.AF_INET6, '2001:db8::2', socket.IPPROTO_IPV6, IPV6_RECVERR)}

def run(words):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE).stdout

for words in ('ip link add wire type veth peer name other', 'ip addr add 192.0.2.1/24 dev wire', 'ip addr add 2001:db8::1/64 dev wire nodad',
              'ip link set other up', 'ip link set wire up', 'ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev wire',
              'ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev wire', 'tc qdisc add dev wire root tbf rate 8kbit burst 2000 limit 2000'):
    run(words)

def send(name, is_set):
    family, address, level, option = KINDS[name]
    drops = json.loads(run('tc -s -j qdisc show dev wire'))[0]['drops']
    said = {}
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(level, option, is_set)
        for _ in range(COUNT):
            try:
                sender.sendto(bytes(SIZE), (address, 9))
                word = 'sent'
            except OSError as error:
                word = errno.errorcode[error.errno]
            said[word] = said.get(word, 0) + 1
    drops = json.loads(run('tc -s -j qdisc show dev wire'))[0]['drops'] - drops
    print(f"{name}, option {'on' if is_set else 'off'}: {said}; dropped by the queue: {drops}")
    return said, drops

send('IPv4', 0)  # fills the queue
found = [send(name, is_set) for name in KINDS for is_set in (0, 1)]
is_silent = all(said == {'sent': COUNT} and drops > COUNT / 2 for said, drops in found[::2])
is_told = all(said.get('ENOBUFS', 0) == drops > COUNT / 2 for said, drops in found[1::2])
sys.exit(0 if is_silent and is_told else 2)
PROGRAM

status=0
unshare -n python3 "$work/sends.py" || status=$?
case $status in
  0) echo 'as stated: the same drops are told with the option and hidden without' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the queue cannot be set' ;;
esac
