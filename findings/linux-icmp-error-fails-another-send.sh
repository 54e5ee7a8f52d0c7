#!/usr/bin/env bash
# Linux 6.18: with IP_RECVERR an ICMP error from one host makes the next send to another host fail, and its datagram is not sent.
#
# One unconnected UDP socket speaks to many peers. The option puts errors into a queue, each with the address that it is about, so
# one would expect the sends to other peers to be left alone. The error also becomes that of the socket, once: the next send, to
# whomever, returns ECONNREFUSED without sending; the same call again succeeds. IPV6_RECVERR does the same.
#
# Octolink: one socket serves thousands of clients; it leaves the option off. Whoever switches it on must send again what failed,
# unless the error queue says that it was about this peer.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/peers.py" <<'PROGRAM'
"""Sends to a peer that is not there, then to one that is, from one unconnected socket, with the option and without."""
import errno, socket, sys

IP_RECVERR, IPV6_RECVERR = 11, 25
KINDS = {'IPv4': (socket.AF_INET, '127.0.0.1', socket.IPPROTO_IP, IP_RECVERR),
         'IPv6': (socket.AF_INET6, '::1', socket.IPPROTO_IPV6, IPV6_RECVERR)}

def tries(name, is_set):
    family, address, level, option = KINDS[name]
    with socket.socket(family, socket.SOCK_DGRAM) as there, socket.socket(family, socket.SOCK_DGRAM) as sender:
        there.bind((address, 0))
        there.settimeout(5)
        sender.setsockopt(level, option, is_set)
        # Nobody listens at port 9 of this namespace; on loopback the ICMP error has come when sendto returns.
        sender.sendto(b'to nobody', (address, 9))
        said = []
        for word in (b'first', b'second'):
            try:
                sender.sendto(word, there.getsockname())
                said.append('sent')
            except OSError as error:
                said.append(errno.errorcode[error.errno])
        got = [there.recv(100).decode() for _ in range(said.count('sent'))]
    print(f"{name}, option {'on' if is_set else 'off'}: the two sends to the other peer: {', '.join(said)}; it received: {', '.join(got)}")
    return said, got

found = [tries(name, is_set) for name in KINDS for is_set in (0, 1)]
calm, hit = (['sent', 'sent'], ['first', 'second']), (['ECONNREFUSED', 'sent'], ['second'])
sys.exit(0 if found == [calm, hit, calm, hit] else 2)
PROGRAM

status=0
unshare -n sh -c "ip link set lo up && exec python3 $work/peers.py" || status=$?
case $status in
  0) echo 'as stated: the error of one peer is paid by another' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the program failed' ;;
esac
