#!/usr/bin/env bash
# Linux 6.18: from a socket that is bound to a device, an IPv4 address without a route counts as a neighbour on that device's LAN.
#
# One would expect ENETUNREACH ("Network is unreachable"), as without the binding, and as an IPv6 socket bound to the same device
# gets. Instead the send succeeds, the kernel asks by ARP for an address of another continent, and some seconds later the program may
# hear EHOSTUNREACH ("No route to host"). `ip route get ADDRESS oif DEVICE` shows a route that no table has. Where a router answers
# ARP for others (proxy ARP) such traffic even passes.
#
# Octolink: a link with `local wwan0` whose modem has lost its default route does not fail at once: it looks like a peer that does not
# answer. "no such host" at a remote end that is not on the LAN means that a route is missing.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/sends.py" <<'PROGRAM'
"""Sends a datagram to an address without a route, by each family, bound to a device and not."""
import errno, socket, subprocess, sys

SO_BINDTODEVICE = 25
for words in ('link add wire type veth peer name other', 'addr add 192.0.2.1/24 dev wire', 'addr add 2001:db8::1/64 dev wire nodad',
              'link set other up', 'link set wire up'):
    subprocess.run(['ip', *words.split()], check=True)
watch = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
watch.bind(('other', 0))
watch.settimeout(2)

def send(family, address, is_bound):
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        if is_bound:
            sender.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b'wire')
        try:
            sender.sendto(b'x', (address, 9))
            said = 'sent'
        except OSError as error:
            said = errno.errorcode[error.errno]
    print(f"{address}, {'bound to the device' if is_bound else 'not bound'}: {said}")
    return said

found = [send(family, address, is_bound)
         for family, address in ((socket.AF_INET, '203.0.113.9'), (socket.AF_INET6, '2001:db8:ffff::9')) for is_bound in (False, True)]
try:
    asked = socket.inet_ntoa(watch.recv(2000)[38:42])
except TimeoutError:
    asked = None
print(f'ARP asks the LAN for {asked}')
subprocess.run(['ip', 'route', 'get', '203.0.113.9', 'oif', 'wire'], check=False)
sys.exit(0 if found == ['ENETUNREACH', 'sent', 'ENETUNREACH', 'ENETUNREACH'] and asked == '203.0.113.9' else 2)
PROGRAM

status=0
unshare -n python3 "$work/sends.py" || status=$?
case $status in
  0) echo 'as stated: bound, an IPv4 address without a route is looked for on the LAN' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the devices cannot be made' ;;
esac
