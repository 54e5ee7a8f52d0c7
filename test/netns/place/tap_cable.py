"""A cable between two hosts whose ends are TAP devices, so that its carrier can be lost as that of a card is.

  tap_cable.py DEVICE NAMESPACE NAMESPACE

Prints `ready`, carries frames until its standard input ends, and on the line `lose` takes the carrier of the first end, just
after some other device of that host has got its own: of the loss the kernel then tells a second late.
"""
import ctypes
import fcntl
import os
import selectors
import struct
import sys
import time

TUNSETIFF, TUNSETCARRIER = 0x400454CA, 0x400454E2
IFF_TAP, IFF_NO_PI = 0x2, 0x1000
CLONE_NEWNET = 0x40000000
LARGEST_FRAME = 65535
# The kernel's work queue for carriers is idle after the first time, and has run after the second.
IDLE_S, RUN_S = 1.2, 0.05

libc = ctypes.CDLL(None, use_errno=True)


def make(name, namespace):
    """The descriptor of a TAP in a namespace, which is up."""
    with open(f'/run/netns/{namespace}') as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), 'setns')
    tap = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP | IFF_NO_PI))
    if os.spawnlp(os.P_WAIT, 'ip', 'ip', 'link', 'set', name, 'up') != 0:
        raise OSError(f'{name} cannot be set up')
    return tap


def set_carrier(tap, on):
    fcntl.ioctl(tap, TUNSETCARRIER, struct.pack('i', on))


device, near, far = sys.argv[1:]
ends = [make(device, near), make(device, far)]
other = make('other', near)
set_carrier(other, 0)

waiting = selectors.DefaultSelector()
for tap, opposite in (ends, ends[::-1]):
    waiting.register(tap, selectors.EVENT_READ, opposite)
waiting.register(sys.stdin, selectors.EVENT_READ)
time.sleep(IDLE_S)
print('ready', flush=True)
while True:
    for key, _ in waiting.select():
        if key.data is not None:
            try:
                os.write(key.data, os.read(key.fd, LARGEST_FRAME))
            except OSError:
                pass  # an end that is down loses it
        elif sys.stdin.readline() == 'lose\n':
            set_carrier(other, 1)
            time.sleep(RUN_S)
            set_carrier(ends[0], 0)
            for tap in ends:
                waiting.unregister(tap)
        else:
            sys.exit()
