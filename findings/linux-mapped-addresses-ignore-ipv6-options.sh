#!/usr/bin/env bash
# Linux 6.18: on an IPv6 socket that speaks to an IPv4-mapped address, the options of IPv6 are accepted and do nothing.
#
# One socket for both families (::ffff:192.0.2.2) is the classic advice for servers. One would expect its options to hold for
# both, or to be refused. IPV6_MTU_DISCOVER, IPV6_DONTFRAG, IPV6_TCLASS and IPV6_UNICAST_HOPS return 0 and change no IPv4
# packet: 3000 bytes that must not be fragmented leave in pieces, and the class is 0. IPV6_RECVTCLASS and IPV6_RECVHOPLIMIT bring
# nothing, and IPV6_RECVERR no error. The options of IPv4 do work on the IPv6 socket, each beside its twin; but the error that
# IP_RECVERR asks for comes labelled as one of IPV6_RECVERR.
#
# Octolink: path MTU search, DSCP and errors would all be silently off for IPv4. It opens a socket for each family, IPV6_V6ONLY set.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/mapped.py" <<'PROGRAM'
"""Sends from an IPv6 socket to a mapped address with the options of each family, and prints what leaves and what is heard."""
import errno, socket, subprocess, sys

V4, V6 = socket.IPPROTO_IP, socket.IPPROTO_IPV6
IP_TOS, IP_TTL, IP_MTU_DISCOVER, IP_RECVERR, IP_RECVTTL, IP_RECVTOS = 1, 2, 10, 11, 12, 13
UNICAST_HOPS, MTU_DISCOVER, RECVERR, RECVHOPLIMIT, DONTFRAG, RECVTCLASS, TCLASS = 16, 23, 25, 51, 62, 66, 67
DO, CLASS, HOPS, MSG_ERRQUEUE = 2, 0xB8, 7, 0x2000
SIX = [(V6, MTU_DISCOVER, DO), (V6, DONTFRAG, 1), (V6, TCLASS, CLASS), (V6, UNICAST_HOPS, HOPS)]
FOUR = [(V4, IP_MTU_DISCOVER, DO), (V4, IP_TOS, CLASS), (V4, IP_TTL, HOPS)]

for words in ('link set lo up', 'link add wire type veth peer name other', 'addr add 192.0.2.1/24 dev wire', 'link set other up',
              'link set wire up', 'neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev wire'):
    subprocess.run(['ip', *words.split()], check=True)
watch = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
watch.bind(('other', 0))
watch.settimeout(5)

def opened(options):
    made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    made.settimeout(5)
    for option in options:
        made.setsockopt(*option)
    return made

def sent(family, options):
    with opened(options) as sender:
        sender.sendto(b'x', ('::ffff:192.0.2.2', 9))
        packet = watch.recv(2000)[14:]
        try:
            large = f"{sender.sendto(bytes(3000), ('::ffff:192.0.2.2', 9))} bytes sent"
            pieces = [len(watch.recv(2000)) for _ in range(3)]
        except OSError as error:
            large, pieces = errno.errorcode[error.errno], []
    print(f'options of {family}: class {packet[1]:#x}, TTL {packet[8]}; 3000 bytes: {large}, {len(pieces)} packets')
    return packet[1], packet[8], large, len(pieces)

def facts(options):
    """The kinds of facts that come with an IPv4 datagram."""
    with opened(options) as receiver, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        receiver.bind(('::', 0))
        sender.sendto(b'x', ('127.0.0.1', receiver.getsockname()[1]))
        return [(level, kind) for level, kind, _ in receiver.recvmsg(100, 500)[1]]

def errors(options):
    """The kinds of records in the error queue after nobody listened."""
    with opened(options) as sender:
        sender.bind(('::ffff:127.0.0.1', 0))
        # On loopback the ICMP error has come when sendto returns.
        sender.sendto(b'x', ('::ffff:127.0.0.1', 9))
        sender.setblocking(False)
        try:
            return [(level, kind) for level, kind, _ in sender.recvmsg(100, 500, MSG_ERRQUEUE)[1]]
        except BlockingIOError:
            return []

found = {
    'sent, IPv6': sent('IPv6', SIX),
    'sent, IPv4': sent('IPv4', FOUR),
    'facts, IPv6': facts([(V6, RECVTCLASS, 1), (V6, RECVHOPLIMIT, 1)]),
    'facts, IPv4': facts([(V4, IP_RECVTOS, 1), (V4, IP_RECVTTL, 1)]),
    'errors, IPv6': errors([(V6, RECVERR, 1)]),
    'errors, IPv4': errors([(V4, IP_RECVERR, 1)]),
}
for name in list(found)[2:]:
    print(f'{name}: {found[name]}')
expected = {
    'sent, IPv6': (0, 64, '3000 bytes sent', 3),
    'sent, IPv4': (CLASS, HOPS, 'EMSGSIZE', 0),
    'facts, IPv6': [],
    'facts, IPv4': [(V4, IP_TTL), (V4, IP_TOS)],
    'errors, IPv6': [],
    'errors, IPv4': [(V6, RECVERR)],
}
sys.exit(0 if found == expected else 2)
PROGRAM

status=0
unshare -n python3 "$work/mapped.py" || status=$?
case $status in
  0) echo 'as stated: only the options of IPv4 hold, also on an IPv6 socket' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the program failed' ;;
esac
