#!/usr/bin/env bash
# Linux 6.18: an IPv6 socket goes on sending from an address that the host no longer has; an IPv4 socket is told.
#
# A UDP socket is bound to an address, and the address is removed, as when a lease ends or a provider renumbers. With IPv4 each send
# fails with ENETUNREACH until the address is back. One would expect the same of IPv6, since both sockets may only be bound to an
# address that exists. Each send succeeds and the packet leaves with the old source, connected or not: nothing tells the program,
# and answers, if the packet gets through at all, go to somebody else or nowhere.
#
# Octolink: the end of a local IPv6 address is learned from rtnetlink and not from a failed send; so a link goes to `address absent`
# at once with both families.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/sources.py" <<'PROGRAM'
"""Sends from bound sockets before and after their address is removed, and watches the other end of the wire."""
import errno, socket, subprocess, sys

def ip(words):
    subprocess.run(['ip', *words.split()], check=True)

ENDS = {socket.AF_INET: ('192.0.2.5', '192.0.2.2', '24', 0x0800, slice(26, 30)),
        socket.AF_INET6: ('2001:db8::5', '2001:db8::2', '64 nodad', 0x86DD, slice(22, 38))}
ip('link add wire type veth peer name other')
ip('link set other up')
ip('link set wire up')
ip('addr add 192.0.2.1/24 dev wire')
ip('addr add 2001:db8::1/64 dev wire nodad')

def tries(family, is_connected):
    own, far, length, kind, source = ENDS[family]
    ip(f'addr add {own}/{length} dev wire')
    ip(f'neigh replace {far} lladdr 02:00:00:00:00:02 dev wire')
    marker = b'from a bound socket'
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind)) as watch, socket.socket(family, socket.SOCK_DGRAM) as sender:
        watch.bind(('other', 0))
        watch.settimeout(5)
        sender.bind((own, 0))
        if is_connected:
            sender.connect((far, 9))

        def send():
            try:
                sender.send(marker) if is_connected else sender.sendto(marker, (far, 9))
            except OSError as error:
                return errno.errorcode[error.errno]
            frame = b''
            while marker not in frame:
                frame = watch.recv(2000)
            return f'leaves from {socket.inet_ntop(family, frame[source])}'

        before = send()
        ip(f"addr del {own}/{length.split()[0]} dev wire")
        after = [send(), send()]
    print(f"{'IPv4' if family == socket.AF_INET else 'IPv6'}, {'connected' if is_connected else 'bound only'}: {before}; "
          f'address removed: {after[0]}, {after[1]}')
    return before, *after

four, six = 'leaves from 192.0.2.5', 'leaves from 2001:db8::5'
found = [tries(family, is_connected) for family in ENDS for is_connected in (False, True)]
expected = [(four, 'ENETUNREACH', 'ENETUNREACH')] * 2 + [(six, six, six)] * 2
sys.exit(0 if found == expected else 2)
PROGRAM

status=0
unshare -n python3 "$work/sources.py" || status=$?
case $status in
  0) echo 'as stated: IPv4 refuses, IPv6 sends from an address that is gone' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the addresses cannot be set' ;;
esac
