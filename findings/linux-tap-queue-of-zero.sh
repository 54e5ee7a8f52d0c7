#!/usr/bin/env bash
# Linux 6.18: a TAP device with a transmit queue of length 0 takes every frame and gives none to its reader.
#
# For other devices `txqueuelen 0` means "no queue, send at once", and old advice sets it for virtual devices. For a TAP the number
# is the size of the ring between the kernel and the program that reads. One would expect 0 to be refused, or to mean the least
# ring that works: it is accepted, the device stays up with its carrier, senders see no error, and each frame is dropped (the
# counter of dropped frames at transmission tells). What the program writes still arrives, so the link is deaf in one direction.
#
# Octolink: peers up, frames arrive, none leave: look at `qlen` in `ip link show octo0`.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/tap.py" <<'PROGRAM'
"""Sends ten frames out of a TAP with a queue of 1000, of 1 and of 0 frames, one at a time, and counts what its reader gets."""
import fcntl, json, os, select, socket, struct, subprocess, sys

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
FRAME = bytes.fromhex('ffffffffffff' '020000000001' '88b5') + bytes(100)
COUNT = 10

def ip(*arguments):
    return subprocess.run(['ip', *arguments], check=True, stdout=subprocess.PIPE).stdout

def dropped():
    return json.loads(ip('-s', '-j', 'link', 'show', 'tap0'))[0]['stats64']['tx']['dropped']

def read_through(length):
    ip('link', 'set', 'tap0', 'txqueuelen', str(length))
    before, read = dropped(), 0
    for _ in range(COUNT):
        sender.send(FRAME)
        while select.select([tap], [], [], 0.2)[0]:
            read += os.read(tap, 2000) == FRAME
    lost = dropped() - before
    print(f'txqueuelen {length}: {COUNT} frames sent without an error, {read} read, {lost} counted as dropped')
    return read, lost

with open('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'w') as quiet:
    quiet.write('1')
tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
ip('link', 'set', 'tap0', 'up')
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind(('tap0', 0))
found = [read_through(length) for length in (1000, 1, 0)]
sys.exit(0 if found == [(COUNT, 0), (COUNT, 0), (0, COUNT)] else 2)
PROGRAM

status=0
unshare -n python3 "$work/tap.py" || status=$?
case $status in
  0) echo 'as stated: with a queue of 0 the reader gets nothing' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP that can be used here' ;;
esac
