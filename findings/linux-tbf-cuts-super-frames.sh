#!/usr/bin/env bash
# Linux 6.18: tbf on a TAP cuts super-frames that are larger than its burst into single frames; htb lets them pass whole.
#
# Both let bytes pass at a rate and have a burst, how many may pass at once. A super-frame of 29,014 bytes is more than a burst of 20 KB.
# One would expect the two to treat it alike. tbf makes 20 frames of it, each with its headers, and the program that reads the TAP
# gets them one at a time, without the offload that it asked for. htb, with the same rate and burst, gives it the whole
# super-frame at once, 9 KB above its burst, and rests for longer afterwards. tbf with a burst of 70 KB leaves it whole too. The
# manual pages of tc-tbf and tc-htb (iproute2 6.1.0) speak of packets only.
#
# Octolink: it reads super-frames from octo0, which costs a fraction of what their frames cost one by one. Below tbf that is lost without
# a word: give it a burst of 70 KB or more, or take htb. A receiver that must never get more at once than the burst needs tbf.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip tc python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r), $(tc -V)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/shaped.py" <<'PROGRAM'
"""Sends a TCP super-frame into a TAP through each discipline, and prints in what sizes it comes to the reader."""
import fcntl, os, select, socket, struct, subprocess, sys

TUNSETIFF, TUNSETOFFLOAD, TAP_NO_PI_VNET_HDR = 0x400454CA, 0x400454D0, 0x5002
CSUM_AND_TSO4, NEEDS_CSUM, GSO_TCPV4 = 3, 1, 1
SOL_PACKET, PACKET_VNET_HDR = 263, 15
SEGMENTS, PAYLOAD, HEADERS, VIRTIO = 20, 1448, 54, 10
CANNOT = 77


def run(words):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE, text=True).stdout


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def tcp_super_frame():
    """One frame with the virtio header, Ethernet, IPv4 and TCP, that stands for SEGMENTS full ones."""
    length = 40 + SEGMENTS * PAYLOAD
    addresses = socket.inet_aton('192.0.2.1') + socket.inet_aton('192.0.2.2')
    ip = struct.pack('!BBHHHBBH', 0x45, 0, length, 0, 0x4000, 64, 6, 0) + addresses
    ip = ip[:10] + struct.pack('!H', ~checksum(ip) & 0xFFFF) + ip[12:]
    pseudo = checksum(addresses + struct.pack('!HH', 6, length - 20))
    tcp = struct.pack('!HHIIBBHHH', 1000, 2000, 1, 1, 0x50, 0x10, 1000, pseudo, 0)
    virtio = struct.pack('<BBHHHH', NEEDS_CSUM, GSO_TCPV4, HEADERS, PAYLOAD, 34, 16)
    ethernet = bytes.fromhex('020000000002' '020000000001' '0800')
    return virtio + ethernet + ip + tcp + bytes(SEGMENTS * PAYLOAD)


def read():
    """The lengths of the frames that come until nothing came for a while, without their virtio headers."""
    lengths = []
    while select.select([tap], [], [], 1)[0]:
        lengths.append(len(os.read(tap, 70000)) - VIRTIO)
    return lengths


with open('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'w') as setting:
    setting.write('1')
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', TAP_NO_PI_VNET_HDR))
fcntl.ioctl(tap, TUNSETOFFLOAD, CSUM_AND_TSO4)
run('ip link set tap0 up')
host = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
host.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
host.bind(('tap0', 0))

whole = [HEADERS + SEGMENTS * PAYLOAD]
EXPECTED = {
    'tbf, burst 20 KB': ([HEADERS + PAYLOAD] * SEGMENTS, ['qdisc add dev tap0 root tbf rate 100mbit burst 20k latency 1s']),
    'htb, burst 20 KB': (whole, [
        'qdisc add dev tap0 root handle 1: htb default 1',
        'class add dev tap0 parent 1: classid 1:1 htb rate 100mbit burst 20k cburst 20k',
    ]),
    'tbf, burst 70 KB': (whole, ['qdisc add dev tap0 root tbf rate 100mbit burst 70k latency 1s']),
}
changed = False
for name, (expected, commands) in EXPECTED.items():
    try:
        for command in commands:
            run(f'tc {command}')
    except subprocess.CalledProcessError:
        sys.exit(CANNOT)
    host.send(tcp_super_frame())
    lengths = read()
    print(f'{name}: a super-frame of {whole[0]} bytes is read as {len(lengths)} of {sorted(set(lengths))} bytes')
    changed |= lengths != expected
    run('tc qdisc del dev tap0 root')
sys.exit(2 if changed else 0)
PROGRAM

status=0
unshare --net python3 "$work/shaped.py" || status=$?
case $status in
  0) echo 'as stated: tbf cuts what is larger than its burst, htb does not' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP or discipline that can be used here' ;;
esac
