#!/usr/bin/env bash
# Linux 6.18: what a native XDP program drops on a TAP device is counted nowhere.
#
# One would expect frames that XDP_DROP takes to show as received, dropped or missed by the device, so that somebody who looks for
# lost frames finds them: with the same program in generic mode they are received packets. In native mode, which is what a program
# gets without asking, 100 frames move not one of the counters of `ip -s -s link`.
#
# Octolink: when frames vanish between the daemon, which has written them, and the host, look at `ip link show octo0` for
# "xdp": nothing else tells.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
[ "$(uname -m)" = x86_64 ] || cannot 'the number of the system call bpf is that of x86-64'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/xdp.py" <<'PROGRAM'
"""Writes 100 frames to a TAP without and with a program that drops all, and prints which counters have moved."""
import ctypes, fcntl, json, os, socket, struct, subprocess, sys

SYS_BPF, BPF_PROG_LOAD, BPF_LINK_CREATE, XDP, ATTACH_XDP = 321, 5, 28, 6, 37
GENERIC, NATIVE = 2, 4
TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
FRAME = bytes.fromhex('ffffffffffff' '020000000001' '88b5') + bytes(100)
COUNT = 100
CANNOT = 77
libc = ctypes.CDLL(None, use_errno=True)

def bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes.ljust(128, b'\0'), 128)
    result = libc.syscall(SYS_BPF, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def drop_all():
    """r0 = XDP_DROP; exit"""
    code = ctypes.create_string_buffer(struct.pack('<BBhi', 0xB7, 0, 0, 1) + struct.pack('<BBhi', 0x95, 0, 0, 0))
    license = ctypes.create_string_buffer(b'GPL')
    return bpf(BPF_PROG_LOAD, struct.pack('<IIQQ', XDP, 2, ctypes.addressof(code), ctypes.addressof(license)))

def counters():
    shown = subprocess.run(['ip', '-s', '-s', '-j', 'link', 'show', 'tap0'], check=True, stdout=subprocess.PIPE)
    return json.loads(shown.stdout)[0]['stats64']['rx']

def moved(how):
    before = counters()
    for _ in range(COUNT):
        os.write(tap, FRAME)
    after = counters()
    found = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    print(f'{COUNT} frames, {how}: {found or "no counter has moved"}')
    return found

def dropped_by(mode, how):
    link = bpf(BPF_LINK_CREATE, struct.pack('<IIII', program, socket.if_nametoindex('tap0'), ATTACH_XDP, mode))
    try:
        return moved(how)
    finally:
        os.close(link)

tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
subprocess.run(['ip', 'link', 'set', 'tap0', 'up'], check=True)
try:
    program = drop_all()
    plain = moved('no program')
    generic = dropped_by(GENERIC, 'XDP_DROP in generic mode')
    native = dropped_by(NATIVE, 'XDP_DROP in native mode')
except OSError as error:
    print(error)
    sys.exit(CANNOT)
seen = plain.get('packets') == COUNT and generic.get('packets') == COUNT
sys.exit(0 if seen and native == {} else 2)
PROGRAM

status=0
unshare -n python3 "$work/xdp.py" || status=$?
case $status in
  0) echo 'as stated: frames dropped in native mode leave no trace' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'this kernel has no XDP for programs of ours' ;;
esac
