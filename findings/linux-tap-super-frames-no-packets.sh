#!/usr/bin/env bash
# Linux 6.18: a queueing discipline counts a super-frame that came from a TAP with all its bytes and with no packet.
#
# A super-frame stands for many frames: `tc -s qdisc` counts one of 20 UDP datagrams that a socket of the host sends at once as 20
# packets, with the headers that all of them will have. One would expect the same of a TCP super-frame of 20 segments that comes
# from a TAP and leaves through a bridge. The bytes are right, to the last header, but the number of packets stays as it was: the
# kernel does not believe the number of segments of a program's super-frame, and works it out only behind the discipline. So it
# is with pfifo and with tbf, and with the classes of htb.
#
# Octolink: with offloads it writes what belongs together as super-frames. On a gateway `tc -s qdisc` of the LAN's device, and what is
# made of it (node_qdisc_packets_total of the node exporter, a mean size of packets), then lacks most TCP from the tunnel.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip tc python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r), $(tc -V)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/packets.py" <<'PROGRAM'
"""Has a super-frame of 20 packets leave by a device with a discipline, from a socket and from a TAP, and prints what was counted."""
import fcntl, json, os, socket, struct, subprocess, sys, time

TUNSETIFF, TUNSETOFFLOAD, TAP_NO_PI_VNET_HDR = 0x400454CA, 0x400454D0, 0x5002
CSUM_AND_TSO4, NEEDS_CSUM, GSO_TCPV4 = 3, 1, 1
UDP_SEGMENT = 103
SEGMENTS, PAYLOAD, HEADERS = 20, 1448, 54
CANNOT = 77
HERE, THERE = '192.0.2.1', '192.0.2.2'


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
    addresses = socket.inet_aton('192.0.2.3') + socket.inet_aton(THERE)
    ip = struct.pack('!BBHHHBBH', 0x45, 0, length, 0, 0x4000, 64, 6, 0) + addresses
    ip = ip[:10] + struct.pack('!H', ~checksum(ip) & 0xFFFF) + ip[12:]
    pseudo = checksum(addresses + struct.pack('!HH', 6, length - 20))
    tcp = struct.pack('!HHIIBBHHH', 1000, 2000, 1, 1, 0x50, 0x10, 1000, pseudo, 0)
    virtio = struct.pack('<BBHHHH', NEEDS_CSUM, GSO_TCPV4, HEADERS, PAYLOAD, 34, 16)
    ethernet = bytes.fromhex('020000000002' '020000000003' '0800')
    return virtio + ethernet + ip + tcp + bytes(SEGMENTS * PAYLOAD)


def from_socket():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, PAYLOAD)
        sender.sendto(bytes(SEGMENTS * PAYLOAD), (THERE, 9))


def from_tap():
    os.write(tap, tcp_super_frame())


def counted(kind):
    """Packets and bytes that left by the discipline, or by its class if it has one."""
    if kind == 'htb':
        text = run('tc -s class show dev out classid 1:1').split('Sent ')[1].split()
        return int(text[2]), int(text[0])
    root = json.loads(run('tc -s -j qdisc show dev out root'))[0]
    return root['packets'], root['bytes']


# Only the test's own frames are to be counted.
with open('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'w') as setting:
    setting.write('1')
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', TAP_NO_PI_VNET_HDR))
fcntl.ioctl(tap, TUNSETOFFLOAD, CSUM_AND_TSO4)
try:
    run('ip link add lan type bridge mcast_snooping 0')
    run('ip link add out type veth peer name far')
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
for device in ('tap0', 'out'):
    run(f'ip link set {device} master lan')
for device in ('tap0', 'out', 'far', 'lan'):
    run(f'ip link set {device} up')
run(f'ip addr add {HERE}/24 dev lan')
run(f'ip neigh add {THERE} lladdr 02:00:00:00:00:02 dev lan')
# A station known behind that port gets frames there only.
run('bridge fdb add 02:00:00:00:00:02 dev out master static')
end = time.monotonic() + 10
while run('ip -d link show master lan').count('forwarding') < 2 and time.monotonic() < end:
    time.sleep(0.1)

DISCIPLINES = {
    'pfifo': ['tc qdisc add dev out root pfifo limit 100'],
    'tbf': ['tc qdisc add dev out root tbf rate 1gbit burst 100k latency 1s'],
    'htb': ['tc qdisc add dev out root handle 1: htb default 1', 'tc class add dev out parent 1: classid 1:1 htb rate 1gbit quantum 100000'],
}
changed = False
for kind, commands in DISCIPLINES.items():
    for name, send, headers in (('a socket', from_socket, 42), ('a TAP', from_tap, HEADERS)):
        try:
            for command in commands:
                run(command)
        except subprocess.CalledProcessError:
            sys.exit(CANNOT)
        send()
        whole = SEGMENTS * (PAYLOAD + headers)
        until = time.monotonic() + 10
        while counted(kind)[1] < whole and time.monotonic() < until:
            time.sleep(0.05)
        packets, octets = counted(kind)
        print(f'{kind}: {SEGMENTS} packets of {PAYLOAD + headers} bytes at once from {name}: {packets} packets, {octets} bytes')
        run('tc qdisc del dev out root')
        changed |= (packets, octets) != (0 if send is from_tap else SEGMENTS, whole)
sys.exit(2 if changed else 0)
PROGRAM

status=0
unshare --net python3 "$work/packets.py" || status=$?
case $status in
  0) echo 'as stated: all bytes of the super-frame are counted, and none of its packets' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no bridge, TAP or discipline that can be used here' ;;
esac
