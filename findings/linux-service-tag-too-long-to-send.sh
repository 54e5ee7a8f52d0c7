#!/usr/bin/env bash
# Linux 6.18: a packet socket sends a full-sized frame with a customer tag, but refuses the same frame with a service tag.
#
# A VLAN tag makes a frame four bytes longer, and every device has room for that: a packet socket sends 1,518 bytes by a device with an
# MTU of 1500 if the frame has a tag. One would expect either tag of IEEE 802.1Q to count. Only 0x8100 does: with 0x88a8 in the same
# place the send fails with "Message too long", although the device carries the frame if a bridge forwards it or a TAP brings it in.
#
# Octolink: it carries both tags, also of full size. Who tries that by tcpreplay, scapy or another program of packet sockets finds that
# customer tags pass and that full-sized frames with a service tag do not, and takes the tunnel for the cause. Raise the MTU of the
# sending device by 4 for the test.
set -euo pipefail

TCPREPLAY=4.4.3-1
PACKAGES=("tcpreplay=$TCPREPLAY" libdumbnet1=1.16.3-1 libpcap0.8=1.10.3-1)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no tcpreplay $TCPREPLAY"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
! ldd package/usr/bin/tcpreplay | grep 'not found' || cannot 'libraries are missing'
echo "Linux $(uname -r), $(package/usr/bin/tcpreplay --version 2>&1 | head -1)"

cat >tags.py <<'PROGRAM'
"""Sends full-sized frames with each tag by a packet socket, by tcpreplay and through a TAP and a bridge, by devices with an MTU of 1500."""
import errno, fcntl, os, select, socket, struct, subprocess, sys, time

TUNSETIFF, TAP_NO_PI = 0x400454CA, 0x1002
ADDRESSES, EXPERIMENT = bytes.fromhex('02000000000902000000000a'), b'\x88\xb5'
TAGS = {'no tag': b'', 'customer tag': bytes.fromhex('81000064'), 'service tag': bytes.fromhex('88a80064')}
FULL, MARK = 1500, b'this test'
CANNOT = 77

def ip(words):
    return subprocess.run(['ip', *words.split()], check=True, stdout=subprocess.PIPE, text=True).stdout

def frame(tag, size):
    return ADDRESSES + TAGS[tag] + EXPERIMENT + MARK.ljust(size, b'\0')

def by_packet_socket(data):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as packets:
        packets.bind(('near', 0))
        try:
            packets.send(data)
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise

def by_tcpreplay(data):
    with open('one.pcap', 'wb') as out:
        out.write(struct.pack('<IHHiIII', 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + struct.pack('<IIII', 0, 0, len(data), len(data)) + data)
    subprocess.run(['package/usr/bin/tcpreplay', '-q', '-i', 'near', 'one.pcap'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

def by_bridge(data):
    os.write(fd, data)

def arrived(send, tag, size):
    """Whether a frame comes out at the far end of the cable behind the bridge, before a small one that follows it."""
    send(frame(tag, size))
    send(frame('no tag', 46))
    is_there = len(far.recv(4000)) > size
    return is_there and len(far.recv(4000)) < size

# Only the test's own frames may be seen.
with open('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'w') as setting:
    setting.write('1')
fd = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', b'tap', TAP_NO_PI))
ip('link add near type veth peer name port')
try:
    ip('link add lan type bridge mcast_snooping 0')
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
ip('link add out type veth peer name far')
for device in ('port', 'out', 'tap'):
    ip(f'link set {device} master lan')
for device in ('near', 'port', 'out', 'far', 'tap', 'lan'):
    ip(f'link set {device} up')
end = time.monotonic() + 10
while ip('-d link show master lan').count('forwarding') < 3 and time.monotonic() < end:
    time.sleep(0.1)
far = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
far.bind(('far', 0))
far.settimeout(10)

found = {}
for name, send in (('a packet socket', by_packet_socket), ('tcpreplay', by_tcpreplay), ('a TAP', by_bridge)):
    found[name] = [tag for tag in TAGS if arrived(send, tag, FULL)]
    print(f"full-sized frames that arrive from {name} behind a bridge: {', '.join(found[name])}")
both, one = list(TAGS), ['no tag', 'customer tag']
sys.exit(0 if found == {'a packet socket': one, 'tcpreplay': one, 'a TAP': both} else 2)
PROGRAM

status=0
unshare -n python3 tags.py || status=$?
case $status in
  0) echo 'as stated: a service tag has no room in a packet socket' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP or no bridge that can be used here' ;;
esac
