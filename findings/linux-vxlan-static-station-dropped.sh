#!/usr/bin/env bash
# Linux 6.18: a VXLAN device drops what comes from a station whose address is entered by hand for another host, and counts nothing.
#
# `bridge fdb add MAC dev vxlan0 dst ADDRESS` says where to send frames for a station. It holds as a filter too: once the station sends
# by way of another host, such as after a move of a virtual machine or by the second of two gateways, its frames are dropped on
# arrival, and neither an error nor a drop is counted by the device. So it is with `static` and with `permanent`, which counts when
# none is named; with `dynamic` the entry moves along. One would expect what a bridge does: it keeps an entry that was made by
# hand, and passes on what the station sends by any port.
#
# Octolink: for networks by VXLAN over octo0 with entries made by hand, let only the entries of 00:00:00:00:00:00 be fixed, which flood,
# and have the rest learned. octo0 itself learns the new place of a station, and the VXLAN device that drops is behind it.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip bridge python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r), $(bridge -V)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/moved.py" <<'PROGRAM'
"""Sends frames of stations that are entered by hand from their place and from another, to a VXLAN device and to a bridge."""
import fcntl, json, os, socket, struct, subprocess, sys, time

TUNSETIFF, TAP_NO_PI = 0x400454CA, 0x1002
TYPE = 0x88B5
HERE, HOME, OTHER, PORT, VNI = '192.0.2.1', '192.0.2.9', '192.0.2.8', 4789, 7
STATIONS = {'permanent': '02:00:00:00:00:11', 'static': '02:00:00:00:00:12', 'dynamic': '02:00:00:00:00:13'}
LAST = '02:00:00:00:00:1f'
# On a bridge `permanent` means an address of the host itself.
ON_BRIDGE = ['static', 'dynamic']
CANNOT = 77


def run(words):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE, text=True).stdout


def octets(mac):
    return bytes.fromhex(mac.replace(':', ''))


def frame(station):
    return b'\xff' * 6 + octets(station) + struct.pack('!H', TYPE) + bytes(46)


def in_vxlan(host, station):
    """The frame as it comes from that host, with all headers down to Ethernet."""
    vxlan = struct.pack('!II', 0x08000000, VNI << 8) + frame(station)
    udp = struct.pack('!HHHH', 40000, PORT, 8 + len(vxlan), 0) + vxlan
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + socket.inet_aton(host) + socket.inet_aton(HERE)
    total = sum(struct.unpack('!10H', head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    ethernet = octets(run('ip -br link show under').split()[2]) + octets('02:00:00:00:00:08') + b'\x08\x00'
    return ethernet + head[:10] + struct.pack('!H', ~total & 0xFFFF) + head[12:] + udp


def tap(name):
    fd = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', name.encode(), TAP_NO_PI))
    return fd


def arrive(listener, send, states=STATIONS):
    """Sends a frame of each station with such an entry, and says those of which it arrives, before one of the last station."""
    for state in states:
        send(STATIONS[state])
    send(LAST)
    came = []
    while True:
        source = listener.recv(2000)[6:12]
        if source == octets(LAST):
            return [state for state, station in STATIONS.items() if octets(station) in came]
        came.append(source)


def listening(device):
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(TYPE))
    listener.bind((device, 0))
    listener.settimeout(20)
    return listener


with open('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'w') as setting:
    setting.write('1')
under, home, other = tap('under'), tap('home'), tap('other')
try:
    run(f'ip link add vxlan0 type vxlan id {VNI} local {HERE} dstport {PORT}')
    run('ip link add lan type bridge mcast_snooping 0')
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
run(f'ip addr add {HERE}/24 dev under')
for port in ('home', 'other'):
    run(f'ip link set {port} master lan')
for device in ('under', 'home', 'other', 'vxlan0', 'lan'):
    run(f'ip link set {device} up')
end = time.monotonic() + 10
while run('ip -d link show master lan').count('forwarding') < 2 and time.monotonic() < end:
    time.sleep(0.1)
for state, station in STATIONS.items():
    run(f'bridge fdb add {station} dev vxlan0 dst {HOME} {state}')
    if state in ON_BRIDGE:
        run(f'bridge fdb add {station} dev home master {state}')

vxlan, bridge = listening('vxlan0'), listening('lan')
found = {}
found['VXLAN, from the host that is entered'] = arrive(vxlan, lambda station: os.write(under, in_vxlan(HOME, station)))
found['VXLAN, from another host'] = arrive(vxlan, lambda station: os.write(under, in_vxlan(OTHER, station)))
found['bridge, from the port that is entered'] = arrive(bridge, lambda station: os.write(home, frame(station)), ON_BRIDGE)
found['bridge, from another port'] = arrive(bridge, lambda station: os.write(other, frame(station)), ON_BRIDGE)
for name, states in found.items():
    print(f"{name}: what arrives is of the stations whose entry is {', '.join(states)}")
counts = json.loads(run('ip -j -s link show vxlan0'))[0]['stats64']['rx']
print(f"the VXLAN device has received {counts['packets']} packets; errors {counts['errors']}, dropped {counts['dropped']}")
every = list(STATIONS)
expected = dict(zip(found, (every, ['dynamic'], ON_BRIDGE, ON_BRIDGE)))
sys.exit(0 if found == expected and (counts['packets'], counts['errors'], counts['dropped']) == (6, 0, 0) else 2)
PROGRAM

status=0
unshare --net python3 "$work/moved.py" || status=$?
case $status in
  0) echo 'as stated: an entry made by hand filters what the station sends, and nothing counts it' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP, bridge or VXLAN that can be used here' ;;
esac
