#!/usr/bin/env bash
# Linux 6.18: a persistent TAP device keeps the offloads and the header size of the program that had it last.
#
# TUNSETOFFLOAD and TUNSETVNETHDRSZ look like a matter of the descriptor, as IFF_VNET_HDR is. Yet they belong to the device, and
# nothing resets them when the descriptor is closed. One would expect a program that opens the TAP later, and asks for no header
# and no offload, to read whole Ethernet frames. It reads UDP checksums that nobody has finished, and has no header that says so;
# a program that does ask for the header gets 12 bytes of it, where a new device gives 10.
#
# Octolink: what had a persistent TAP before us, or has it after us, matters. Whoever opens one sets header size and offloads
# himself, also to "none".
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/tap.py" <<'PROGRAM'
"""Opens a persistent TAP plainly, before and after a program that used offloads, and looks at what is read from it."""
import fcntl, os, select, socket, struct, subprocess, sys

TUNSETIFF, TUNSETPERSIST, TUNSETOFFLOAD = 0x400454CA, 0x400454CB, 0x400454D0
TUNGETVNETHDRSZ, TUNSETVNETHDRSZ = 0x800454D7, 0x400454D8
TAP_NO_PI, VNET_HDR = 0x1002, 0x4000
CSUM, TSO4, TSO6 = 1, 2, 4
IPV4, UDP = b'\x08\x00', 17
CANNOT = 77

def attached(flags):
    fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', b'tap0', flags))
    return fd

def header_size():
    fd = attached(TAP_NO_PI | VNET_HDR)
    size = bytearray(4)
    fcntl.ioctl(fd, TUNGETVNETHDRSZ, size)
    os.close(fd)
    return struct.unpack('i', size)[0]

def checksum_holds(frame):
    """Whether the UDP checksum of a frame of IPv4 without options and an even length is right (RFC 768)."""
    packet = frame[14:]
    words = packet[12:20] + struct.pack('!HH', UDP, len(packet) - 20) + packet[20:]
    total = sum(struct.unpack(f'!{len(words) // 2}H', words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF

def plain_read():
    """The UDP checksum of a datagram that the host sends, as a program sees it that asks for no header and no offload."""
    fd = attached(TAP_NO_PI)
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(bytes(100), ('192.0.2.2', 9))
    while select.select([fd], [], [], 2)[0]:
        frame = os.read(fd, 70000)
        if frame[12:14] == IPV4 and frame[23] == UDP:
            os.close(fd)
            return checksum_holds(frame)
    sys.exit(CANNOT)

fd = attached(TAP_NO_PI)
fcntl.ioctl(fd, TUNSETPERSIST, 1)
os.close(fd)
for command in ('address add 192.0.2.1/24 dev tap0', 'link set tap0 up',
                'neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev tap0 nud permanent'):
    subprocess.run(['ip', *command.split()], check=True)
before = header_size(), plain_read()

fd = attached(TAP_NO_PI | VNET_HDR)
fcntl.ioctl(fd, TUNSETVNETHDRSZ, struct.pack('i', 12))
fcntl.ioctl(fd, TUNSETOFFLOAD, CSUM | TSO4 | TSO6)
os.close(fd)
after = header_size(), plain_read()

for when, (size, good) in (('before', before), ('after', after)):
    print(f'{when} a program with offloads: header of {size} bytes; read plainly, the UDP checksum is {"right" if good else "wrong"}')
sys.exit(0 if before == (10, True) and after == (12, False) else 2)
PROGRAM

status=0
unshare -n python3 "$work/tap.py" || status=$?
case $status in
  0) echo 'as stated: the next program inherits what the last one set' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP that can be used here' ;;
esac
