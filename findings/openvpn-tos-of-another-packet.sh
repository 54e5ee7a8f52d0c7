#!/usr/bin/env bash
# OpenVPN 2.6.14: with `passtos` what is no IPv4 goes with the TOS of the IPv4 packet before it.
#
# `--passtos` is said to "set the TOS field of the tunnel packet to what the payload's TOS is". One would expect the traffic class of an
# IPv6 packet to be passed on in the same way, and 0 for what has neither. Only IPv4 is read: an IPv6 packet marked EF leaves
# unmarked, and after an IPv4 packet marked EF all else leaves marked EF too, IPv6 of class 0, ARP and any other frame of a TAP, until
# the next IPv4 packet. Of frames with a VLAN tag the packet inside is read.
#
# Octolink: it marks what a link sends as `dscp` says and takes nothing over from frames. Coming from OpenVPN, do not read the marks of
# its datagrams as those of the traffic inside where there is IPv6.
set -euo pipefail

PACKAGES=(openvpn=2.6.14-0+deb12u2 libpkcs11-helper1=1.29.0-1 libnl-genl-3-200=3.7.0-0.2+b1 libnl-3-200=3.7.0-0.2+b1
  libcap-ng0=0.8.3-1+b3 liblzo2-2=2.10-2)

work=$(mktemp -d)
near=tos-$$-near
far=tos-$$-far
programs=()
clean_up() {
  for program in "${programs[@]}"; do kill "$program" 2>/dev/null || true; done
  for program in "${programs[@]}"; do wait "$program" 2>/dev/null || true; done
  for space in "$near" "$far"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip openssl python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot 'no such packages'
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu:$work/package/lib/$(uname -m)-linux-gnu"
openvpn="$work/package/usr/sbin/openvpn"
! ldd "$openvpn" | grep 'not found' || cannot 'libraries are missing'
"$openvpn" --version | cut -d' ' -f1,2 | head -1 || true

declare -A fingerprint
for name in near far; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$name" \
    -keyout "$name.key" -out "$name.crt" 2>openssl.log
  fingerprint[$name]=$(openssl x509 -noout -fingerprint -sha256 -in "$name.crt" | cut -d= -f2)
done
ip netns add "$near"
ip netns add "$far"
ip link add wire netns "$near" type veth peer name wire netns "$far"

# start SPACE ADDRESS NAME OTHER OPTION...: one end, with a TAP named tap0 that comes up.
start() {
  ip -n "$1" addr add "$2/24" dev wire
  ip -n "$1" link set wire up
  ip netns exec "$1" "$openvpn" --dev tap0 --dev-type tap --passtos --proto udp4 --cert "$3.crt" --key "$3.key" \
    --peer-fingerprint "${fingerprint[$4]}" "${@:5}" >"$3.log" 2>&1 &
  programs+=($!)
}
start "$far" 192.0.2.2 far near --tls-server --dh none
start "$near" 192.0.2.1 near far --tls-client --remote 192.0.2.2
for name in near far; do
  for _ in $(seq 200); do grep -q 'Initialization Sequence Completed' "$name.log" && break; sleep 0.1; done
  grep -q 'Initialization Sequence Completed' "$name.log" || cannot "not ready: $(tail -1 "$name.log")"
done
for space in "$near" "$far"; do
  ip netns exec "$space" sysctl -qw net.ipv6.conf.tap0.disable_ipv6=1
  ip -n "$space" link set tap0 up
done

cat >frames.py <<'PROGRAM'
"""Sends frames of different sizes by tap0 and prints the TOS of the datagram that each becomes."""
import socket, struct

OUTGOING = socket.PACKET_OUTGOING
MACS = bytes.fromhex('020000000002' '020000000001')
EF = 0xB8
OTHER = b'\x88\xb5'


def ipv4(tos):
    head = struct.pack('!BBHHHBBH4s4s', 0x45, tos, 120, 0, 0, 64, 253, 0, bytes([198, 51, 100, 1]), bytes([198, 51, 100, 2]))
    total = sum(struct.unpack('!10H', head))
    total = (total & 0xFFFF) + (total >> 16)
    return b'\x08\x00' + head[:10] + struct.pack('!H', ~total & 0xFFFF) + head[12:] + bytes(100)


def ipv6(traffic_class):
    addresses = bytes.fromhex('20010db8' + 11 * '00' + '01' + '20010db8' + 11 * '00' + '02')
    return b'\x86\xdd' + struct.pack('!IHBB', 6 << 28 | traffic_class << 20, 100, 253, 64) + addresses + bytes(100)


FRAMES = [
    ('IPv6, EF', ipv6(EF)),
    ('IPv4, EF', ipv4(EF)),
    ('IPv6, 0', ipv6(0)),
    ('no IP', OTHER + bytes(100)),
    ('IPv4, 0', ipv4(0)),
    ('IPv4 with a VLAN tag, EF', b'\x81\0\0\5' + ipv4(EF)),
    ('IPv6, 0, again', ipv6(0)),
]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(('wire', 0))
wire.settimeout(10)
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
tap.bind(('tap0', 0))
for name, body in FRAMES:
    tap.send(MACS + body)
    datagram = b''
    # The datagram of a frame is the only one of the near host that is longer than it; OpenVPN's own messages are short.
    while len(datagram) < len(body) + 42:
        datagram, address = wire.recvfrom(2000)
        if address[2] != OUTGOING or datagram[12:14] != b'\x08\x00':
            datagram = b''
    print(f'{name}: sent with {"EF" if datagram[15] == EF else datagram[15]}', flush=True)
PROGRAM
ip netns exec "$near" python3 frames.py | tee results.txt || cannot 'no datagram comes'

expected='IPv6, EF: sent with 0
IPv4, EF: sent with EF
IPv6, 0: sent with EF
no IP: sent with EF
IPv4, 0: sent with 0
IPv4 with a VLAN tag, EF: sent with EF
IPv6, 0, again: sent with EF'
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: what is no IPv4 has the TOS of the IPv4 packet before it'
