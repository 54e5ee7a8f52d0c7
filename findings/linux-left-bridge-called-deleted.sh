#!/usr/bin/env bash
# Linux 6.18, iproute2 6.1.0: a device that leaves a bridge is reported as deleted, and `ip monitor link` says so.
#
# Who has asked for messages about links gets RTM_DELLINK, with the index and the name of the device, when it is taken out of its bridge
# or the bridge is deleted. One would expect that message of a device that is gone. It is still there, up and of use; only the
# address family of the message, AF_BRIDGE in place of AF_UNSPEC, tells that the place in the bridge is meant. A device that is really
# deleted while it is in a bridge is reported twice. `ip monitor link` prints "Deleted" with the device's name each time. rtnetlink(7)
# says of the message that it removes an interface, and nothing of this.
#
# Octolink: it leaves out messages of AF_BRIDGE. A script that waits for the end of octo0 by `ip monitor link` must look whether it
# is really gone (`ip link show octo0`).
set -euo pipefail

VERSION=6.1.0-3
PACKAGES=("iproute2=$VERSION" libbpf1=1:1.1.2-0+deb12u1 libelf1=0.188-2.1 libmnl0=1.0.4-3)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no iproute2 $VERSION"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu:$work/package/lib/$(uname -m)-linux-gnu"
! ldd package/bin/ip | grep 'not found' || cannot 'libraries are missing'
echo "Linux $(uname -r), $(package/bin/ip -V)"

cat >leave.py <<'PROGRAM'
"""Takes a TAP out of a bridge, out of a bridge that is deleted, and away itself, and prints which deletions are reported."""
import fcntl, os, re, socket, struct, subprocess, sys, time

TUNSETIFF, TAP_NO_PI = 0x400454CA, 0x1002
NLMSG_HEADER, RTMGRP_LINK, RTM_DELLINK = 16, 1, 17
FAMILIES = {socket.AF_UNSPEC: 'AF_UNSPEC', 7: 'AF_BRIDGE'}
IP = 'package/bin/ip'
CANNOT = 77
# A device that is made last is reported last, so the messages before it are complete.
MARK = 'mark'


def run(words):
    subprocess.run([IP, *words.split()], check=True)


def is_there():
    return subprocess.run([IP, 'link', 'show', 'up', 'dev', 'tap0'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout != b''


def lines_until(text):
    with open('monitor.txt') as said:
        lines = said.read()
    return lines if text in lines else None


def deletions(index):
    """The families of the messages that call the device with this index deleted, up to the one about the mark."""
    found = []
    while True:
        data = messages.recv(65536)
        while data:
            length, kind = struct.unpack_from('IH', data)
            family, device = data[NLMSG_HEADER], struct.unpack_from('i', data, NLMSG_HEADER + 4)[0]
            if MARK.encode() in data[:length]:
                return found
            if kind == RTM_DELLINK and device == index:
                found.append(FAMILIES.get(family, str(family)))
            data = data[(length + 3) & ~3:]


def said():
    """How many lines with "Deleted" the monitor has printed of the TAP, up to the one about the mark."""
    end = time.monotonic() + 20
    while lines_until(f' {MARK}') is None and time.monotonic() < end:
        time.sleep(0.1)
    return len(re.findall('^Deleted .*tap0', lines_until('') or '', re.MULTILINE))


changed = False


def step(name, work, expected, remains):
    """What is reported of the TAP while `work` is done, compared with what is stated."""
    global messages, changed
    index = socket.if_nametoindex('tap0')
    messages = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    messages.bind((0, RTMGRP_LINK))
    messages.settimeout(20)
    with open('monitor.txt', 'w') as out:
        monitor = subprocess.Popen([IP, 'monitor', 'link'], stdout=out)
    try:
        # The monitor listens as soon as it tells of a device that is made.
        end = time.monotonic() + 20
        number = 0
        while lines_until('first') is None and time.monotonic() < end:
            run(f'link add first{number} type ifb')
            run(f'link del first{number}')
            number += 1
            time.sleep(0.2)
        work()
        run(f'link add {MARK} type ifb')
        families, printed, there = deletions(index), said(), is_there()
        print(f"{name}: reported as deleted with {' and '.join(families)}, {printed} \"Deleted\" printed, the TAP is {'there' if there else 'gone'}")
        changed |= families != expected or printed != len(expected) or there != remains
    finally:
        monitor.terminate()
        monitor.wait()
        messages.close()
    run(f'link del {MARK}')


tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', TAP_NO_PI))
try:
    run('link add lan type bridge')
    run(f'link add {MARK} type ifb')
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
run(f'link del {MARK}')
run('link set tap0 up')
run('link set tap0 master lan')
step('taken out of the bridge', lambda: run('link set tap0 nomaster'), ['AF_BRIDGE'], True)
run('link set tap0 master lan')
step('its bridge deleted', lambda: run('link del lan'), ['AF_BRIDGE'], True)
run('link add lan type bridge')
run('link set tap0 master lan')
step('deleted itself', lambda: os.close(tap), ['AF_BRIDGE', 'AF_UNSPEC'], False)
sys.exit(2 if changed else 0)
PROGRAM

status=0
unshare --net python3 leave.py || status=$?
case $status in
  0) echo 'as stated: leaving a bridge is reported as the end of the device' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP, bridge or ifb that can be used here' ;;
esac
