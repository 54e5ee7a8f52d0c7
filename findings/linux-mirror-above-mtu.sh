#!/usr/bin/env bash
# Linux 6.18: what is mirrored to a device arrives there in any size, whatever the device's MTU.
#
# A bridge drops a frame that is larger than the MTU of the port it would leave by, and a router cuts it or says that it is too
# big. `tc … action mirred egress mirror` (and `redirect`) asks neither: frames of 9,014 bytes come to the reader of a TAP of MTU
# 1500, and a reader with a buffer for 1,514 gets their beginning, without an error and without a count. To a TAP with TSO
# a super-frame comes whose segments are of the size that the other device has.
#
# Octolink: mirroring a port to octo0 brings it to a monitor far away. Frames above the MTU of octo0 arrive whole at the other end,
# as its reads have room for any frame.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip tc python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r | cut -d. -f1,2), $(tc -V)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/mirror.py" <<'PROGRAM'
"""Sends a frame by a device of MTU 9000 that is in a bridge with a TAP, or is mirrored to it, and reads the TAP."""
import fcntl
import json
import os
import select
import socket
import struct
import subprocess

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
HEADER = bytes.fromhex('ffffffffffff' '02000000000a' '88b5')


def run(command):
    return subprocess.run(command.split(), check=True, stdout=subprocess.PIPE).stdout


def read(room):
    """The length of what is read of the next frame of the test's EtherType into so many bytes."""
    while select.select([tap], [], [], 1)[0]:
        data = os.read(tap, room)
        if data[12:14] == HEADER[12:14]:
            return f'{len(data)} bytes read'
    return 'nothing'


def send(payload):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as out:
        out.bind(('near', 0))
        out.send(HEADER + bytes(payload))


tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
run('ip link add near mtu 9000 type veth peer name far mtu 9000')
run('ip link add bridge0 type bridge')
for port in ('tap0', 'far'):
    run(f'ip link set {port} master bridge0')
for device in ('bridge0', 'tap0', 'near', 'far'):
    run(f'ip link set {device} up')
for payload in (1500, 9000):
    send(payload)
    print(f'{len(HEADER) + payload} bytes by a bridge to a TAP of MTU 1500: {read(65536)}')
run('ip link set far nomaster')
run('tc qdisc add dev near clsact')
run('tc filter add dev near egress u32 match u32 0 0 action mirred egress mirror dev tap0')
for room in (65536, 1514):
    send(9000)
    print(f'9014 bytes by a mirror, into a buffer of {room}: {read(room)}')
counts = json.loads(run('ip -j -s link show dev tap0'))[0]['stats64']['tx']
print(f"the TAP counts {counts['errors']} errors and {counts['dropped']} drops")
PROGRAM

unshare --net python3 "$work/mirror.py" | tee "$work/output"
expected='1514 bytes by a bridge to a TAP of MTU 1500: 1514 bytes read
9014 bytes by a bridge to a TAP of MTU 1500: nothing
9014 bytes by a mirror, into a buffer of 65536: 9014 bytes read
9014 bytes by a mirror, into a buffer of 1514: 1514 bytes read
the TAP counts 0 errors and 0 drops'
if [ "$(cat "$work/output")" != "$expected" ]; then
  echo 'CHANGED: a mirror no longer ignores the MTU of its target'
  exit 1
fi
echo 'as stated: a mirror gives a TAP of MTU 1500 frames of 9,014 bytes'
