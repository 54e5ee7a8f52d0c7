#!/usr/bin/env bash
# Linux 6.18: a TAP that is down is never ready for writing, although a write to it would not wait but fail at once.
#
# poll says "ready for writing" of a descriptor whose write would not wait (poll(2)); errors count as not waiting, as with a pipe
# that nobody reads. A write to a TAP that is down returns EIO at once. One would therefore expect POLLOUT, or POLLERR. Instead
# poll says nothing, as of a full queue, until the device is up again. Frames that the program has not read yet stay readable.
#
# Octolink: a program that asks before it writes sleeps for as long as an operator keeps its TAP down, with everything else that it
# does in the same thread. Octolink writes without asking, counts what fails, and goes on to switch between its peers.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r | cut -d. -f1,2)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/poll.py" <<'PROGRAM'
"""Asks whether a TAP can be written to, and writes, while it is up, down, and up again."""
import errno
import fcntl
import os
import select
import struct
import subprocess
import threading

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
FRAME = bytes.fromhex('ffffffffffff' '02000000000a' '88b5') + bytes(46)


def set_link(state):
    subprocess.run(['ip', 'link', 'set', 'tap0', state], check=True)


def said(events):
    names = [name for name in ('POLLOUT', 'POLLERR', 'POLLHUP') if events & getattr(select, name)]
    return ' '.join(names) or 'nothing'


def ask(patience_ms):
    poll = select.poll()
    poll.register(tap, select.POLLOUT)
    return said(sum(events for _, events in poll.poll(patience_ms)))


def write():
    try:
        return f'{os.write(tap, FRAME)} bytes'
    except OSError as error:
        return errno.errorcode[error.errno]


tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
for state in ('up', 'down'):
    set_link(state)
    print(f'{state}: poll says {ask(500)}, a write gives {write()}')
later = threading.Timer(0.5, set_link, ['up'])
later.start()
print(f'while it comes up again: poll says {ask(10_000)}')
later.join()
PROGRAM

unshare --net python3 "$work/poll.py" | tee "$work/output"
expected='up: poll says POLLOUT, a write gives 60 bytes
down: poll says nothing, a write gives EIO
while it comes up again: poll says POLLOUT'
if [ "$(cat "$work/output")" != "$expected" ]; then
  echo 'CHANGED: poll says something else of a TAP that is down'
  exit 1
fi
echo 'as stated: nobody is told that a write to a TAP that is down would fail at once'
