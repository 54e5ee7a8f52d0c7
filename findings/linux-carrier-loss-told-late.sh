#!/usr/bin/env bash
# Linux 6.18: within a second after some device got its carrier, rtnetlink tells the loss of another's up to a second late, unless
# somebody reads /sys/class/net/NAME/carrier: then it tells at once.
#
# The kernel passes changes of carriers to rtnetlink from a work queue that runs once a second, unless a change is urgent. A carrier
# that comes is urgent, one that goes is not; and a run of the queue, for whichever device of the machine, puts off the next by a
# second. One would expect a program that listens to RTM_NEWLINK to hear of a lost carrier at once, as it does in peace, and
# reading a file to change nothing. (A veth pair is always urgent, so a lab of those does not show this.)
#
# Octolink: when one link heals just as another loses its carrier, the kernel may tell after the hold time. So octolinkd asks for
# the carrier when a link misses a heartbeat. Hold times must not be long because "the kernel reports carriers anyhow".
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
echo "Linux $(uname -r)"

cat >"$work/carriers.py" <<'PROGRAM'
"""Sets the carriers of two TAP devices and prints when rtnetlink and sysfs tell of it, in ms."""
import fcntl, os, socket, struct, subprocess, sys, time

TUNSETIFF, TUNSETCARRIER = 0x400454CA, 0x400454E2
IFF_TAP_NO_PI, IFF_LOWER_UP, RTM_NEWLINK, RTMGRP_LINK = 0x1002, 0x10000, 16, 1
LATE_MS, PROMPT_MS = 300, 150

listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
listener.bind((0, RTMGRP_LINK))
listener.settimeout(5)

def make(name):
    tap = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP_NO_PI))
    subprocess.run(['ip', 'link', 'set', name, 'up'], check=True)
    return tap

def told(name, on):
    """Waits until rtnetlink says so."""
    index = socket.if_nametoindex(name)
    while True:
        data = listener.recv(65536)
        while data:
            length, kind = struct.unpack('=IH', data[:6])
            if kind == RTM_NEWLINK:
                found, flags = struct.unpack('=iI', data[20:28])
                if found == index and bool(flags & IFF_LOWER_UP) == on:
                    return
            data = data[(length + 3) & ~3:]

def forget():
    """Drops what was told of earlier changes."""
    listener.setblocking(False)
    try:
        while True:
            listener.recv(65536)
    except BlockingIOError:
        listener.settimeout(5)

def change(name, on, when, is_read=False):
    forget()
    begin = time.monotonic()
    fcntl.ioctl(taps[name], TUNSETCARRIER, struct.pack('i', on))
    if is_read:
        with open(f'/sys/class/net/{name}/carrier') as file:
            file.read()
    told(name, bool(on))
    ms = (time.monotonic() - begin) * 1000
    print(f"{name} {'gets' if on else 'loses'} its carrier {when}: told after {ms:.0f} ms")
    return ms

taps = {name: make(name) for name in ('one', 'two')}

def loss_after_gain(when, is_read):
    time.sleep(2.5)
    change('two', 1, 'in peace')
    change('one', 0, 'meanwhile')
    time.sleep(2.5)
    change('one', 1, 'in peace')
    time.sleep(0.05)
    return change('two', 0, when, is_read)

time.sleep(2.5)
calm = change('two', 0, 'in peace')
late = loss_after_gain('50 ms after the other got its own', False)
read = loss_after_gain('50 ms after the other got its own, and /sys/class/net/two/carrier is read', True)
sys.exit(0 if calm < PROMPT_MS and late > LATE_MS and read < PROMPT_MS else 2)
PROGRAM

status=0
unshare -n -m sh -c "mount -t sysfs sysfs /sys && exec python3 $work/carriers.py" || status=$?
[ "$status" -le 2 ] && [ "$status" != 1 ] || cannot 'the program failed'
if [ "$status" = 2 ]; then
  echo 'CHANGED: the loss is told in time, or never was'
  exit 1
fi
echo 'as stated: the same loss is told late when another carrier came just before'
