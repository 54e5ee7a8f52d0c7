#!/usr/bin/env bash
# Linux 6.18: on a MACVLAN device a broadcast is overtaken by unicast frames that came after it.
#
# A MACVLAN gives unicast frames up at once, and broadcasts and multicasts by a work queue, when that gets its turn. One would
# expect the frames of one sender in the order in which they came by the device beneath, as that device and a bridge hand them up.
# Of ten frames, in turns to all and to one, the ones to all usually come after the others.
#
# Octolink: in containers with a MACVLAN on octo0 an announcement (ARP, router advertisement, a packet of a multicast stream) may be
# heard after the unicast that followed it. The tunnel has not reordered them; a bridge with a veth pair for each container does not
# either.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/order.py" <<'PROGRAM'
"""Writes frames to a TAP, to all and to one in turns, and prints in which order the TAP and a MACVLAN on it hand them up."""
import fcntl, os, socket, struct, subprocess, sys

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
SOURCE, KIND, EACH, ROUNDS = bytes.fromhex('020000000009'), 0x88B5, 10, 50

def ip(words):
    return subprocess.run(['ip', *words.split()], check=False, stderr=subprocess.DEVNULL).returncode == 0

tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
if not (ip('link set tap0 addrgenmode none up') and ip('link add inside link tap0 address 02:00:00:00:00:01 type macvlan mode bridge')
        and ip('link set inside addrgenmode none up')):
    sys.exit(77)

def watcher(device):
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(KIND))
    made.bind((device, 0))
    made.settimeout(10)
    return made

watchers = {device: watcher(device) for device in ('tap0', 'inside')}
ways = {'tap0': set(), 'inside': set()}
for _ in range(ROUNDS):
    for number in range(EACH):
        target = bytes.fromhex('020000000001') if number % 2 else b'\xff' * 6
        os.write(tap, target + SOURCE + struct.pack('!HI', KIND, number) + bytes(46))
    for device, watch in watchers.items():
        ways[device].add(tuple(struct.unpack('!I', watch.recv(100)[14:18])[0] for _ in range(EACH)))
overtaken = [way for way in ways['inside'] if list(way) != sorted(way)]
print(f"{ROUNDS} times {EACH} frames, even numbers to all, odd ones to one address; ways in which they came:")
for device, found in ways.items():
    print(f"  {device}: {'; '.join(' '.join(map(str, way)) for way in sorted(found)[:4])}{' …' if len(found) > 4 else ''}")
among_themselves = all([n for n in way if n % 2 == odd] == list(range(odd, EACH, 2)) for way in ways['inside'] for odd in (0, 1))
print(f"frames of one kind keep their order among themselves: {'yes' if among_themselves else 'no'}")
sys.exit(0 if overtaken and among_themselves and ways['tap0'] == {tuple(range(EACH))} else 2)
PROGRAM

status=0
unshare -n python3 "$work/order.py" || status=$?
case $status in
  0) echo 'as stated: broadcasts are overtaken' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel has no MACVLAN' ;;
esac
