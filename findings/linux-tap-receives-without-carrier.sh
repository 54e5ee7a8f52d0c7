#!/usr/bin/env bash
# Linux 6.18: a TAP whose carrier is off still receives: what is written to it reaches the programs of the host.
#
# TUNSETCARRIER takes the carrier of a TAP away: `NO-CARRIER`, state DOWN, routes `linkdown`. A cable without carrier brings
# nothing, so one would expect a write to fail or the frame to be dropped, as it does (EIO) when the device is down. The write
# succeeds, the device counts a received packet, and a UDP socket gets it. What the host answers is lost, so the fault looks like
# one of the way back.
#
# Octolink: `ip link set octo0 carrier off` does not take a host off the LAN: it hears everything and cannot answer. `shutdown` under
# the interface does.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/write.py" <<'PROGRAM'
"""Writes a UDP datagram to a TAP with its carrier, without, and when the device is down, and prints who gets it."""
import errno, fcntl, json, os, socket, struct, subprocess, sys

TUNSETIFF, TUNSETCARRIER, IFF_TAP_NO_PI = 0x400454CA, 0x400454E2, 0x1002
PORT = 7777

def ip(words):
    return subprocess.run(['ip', *words.split()], check=True, stdout=subprocess.PIPE).stdout

def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF

def frame():
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 33, 0, 0, 64, socket.IPPROTO_UDP, 0, socket.inet_aton('192.0.2.2'), socket.inet_aton('192.0.2.1'))
    header = header[:10] + struct.pack('!H', checksum(header)) + header[12:]
    # A UDP checksum of 0: none.
    return bytes.fromhex('020000000010' '020000000002' '0800') + header + struct.pack('!HHHH', 5, PORT, 13, 0) + b'hello'

tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
ip('link set tap0 address 02:00:00:00:00:10 addrgenmode none')
ip('addr add 192.0.2.1/24 dev tap0')
ip('link set tap0 up')
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(('0.0.0.0', PORT))

def write(when):
    try:
        os.write(tap, frame())
        said = 'written'
    except OSError as error:
        said = errno.errorcode[error.errno]
    receiver.settimeout(5 if said == 'written' else 0.5)
    try:
        got = receiver.recv(100).decode()
    except TimeoutError:
        got = 'nothing'
    link = json.loads(ip('-s -j link show tap0'))[0]
    carrier = 'no carrier' if 'NO-CARRIER' in link['flags'] else 'carrier' if 'UP' in link['flags'] else 'down'
    print(f"{when} ({carrier}): {said}; the socket gets {got}; packets received so far: {link['stats64']['rx']['packets']}")
    return carrier, said, got

found = [write('as it is')]
fcntl.ioctl(tap, TUNSETCARRIER, struct.pack('i', 0))
# Reading the file makes the kernel handle the change at once.
with open('/sys/class/net/tap0/carrier') as file:
    assert file.read() == '0\n'
found.append(write('carrier off'))
ip('link set tap0 down')
found.append(write('device down'))
expected = [('carrier', 'written', 'hello'), ('no carrier', 'written', 'hello'), ('down', 'EIO', 'nothing')]
sys.exit(0 if found == expected else 2)
PROGRAM

status=0
unshare -n -m sh -c "mount -t sysfs sysfs /sys && exec python3 $work/write.py" || status=$?
case $status in
  0) echo 'as stated: without a carrier frames still come in' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the device cannot be made' ;;
esac
