#!/usr/bin/env bash
# nftables, iptables and OpenVPN lower the MSS of a SYN and spoil its TCP checksum if the option is at an odd offset.
#
# A SYN may name its options in any order (RFC 9293, 3.1): window scale, of three bytes, may come before the maximum
# segment size, whose value then lies across two of the 16-bit words that the checksum is made of. One would expect a router
# that lowers the value to correct the checksum for that (RFC 1624). Instead all three subtract and add as if the value were
# one word: the SYN leaves with a wrong checksum, the far host drops it, and such a connection can never be opened.
#
# Octolink: it lowers the MSS as well, with the two bytes of the value in the order in which they stand in the sum. Where a
# router on the LAN or another VPN before it clamps too, hosts with an unusual stack may be shut out of TCP while ping works.
set -euo pipefail

PACKAGES=(openvpn=2.6.14-0+deb12u2 libpkcs11-helper1=1.29.0-1 libnl-genl-3-200=3.7.0-0.2+b1 libnl-3-200=3.7.0-0.2+b1
  libcap-ng0=0.8.3-1+b3 liblzo2-2=2.10-2)

work=$(mktemp -d)
near=mss-$$-near
router=mss-$$-router
far=mss-$$-far
programs=()
clean_up() {
  for program in "${programs[@]}"; do kill "$program" 2>/dev/null || true; done
  for program in "${programs[@]}"; do wait "$program" 2>/dev/null || true; done
  for space in "$near" "$router" "$far"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip nft iptables ethtool python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot 'no such packages'
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu:$work/package/lib/$(uname -m)-linux-gnu"
export PATH="$work/package/usr/sbin:$PATH"
! ldd "$(command -v openvpn)" | grep 'not found' || cannot 'libraries are missing'
echo "Linux $(uname -r | cut -d. -f1,2), $(nft --version | cut -d' ' -f1,2), $(iptables --version)"
openvpn --version | cut -d' ' -f1,2 | head -1 || true

# Routed: near - router - far. Beside it, between near and far, the underlay of OpenVPN.
for space in "$near" "$router" "$far"; do ip netns add "$space"; done
ip link add lan netns "$near" type veth peer name left netns "$router"
ip link add lan netns "$far" type veth peer name right netns "$router"
ip link add under netns "$near" type veth peer name under netns "$far"
ip -n "$near" addr add 192.0.2.2/24 dev lan
ip -n "$router" addr add 192.0.2.1/24 dev left
ip -n "$router" addr add 198.51.100.1/24 dev right
ip -n "$far" addr add 198.51.100.2/24 dev lan
ip -n "$near" addr add 203.0.113.1/24 dev under
ip -n "$far" addr add 203.0.113.2/24 dev under
for end in "$near lan" "$near under" "$router left" "$router right" "$far lan" "$far under"; do
  read -r space device <<<"$end"
  ip netns exec "$space" ethtool -K "$device" tx off rx off >ethtool.log 2>&1
  ip -n "$space" link set "$device" up
done
ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1
mac_of() { ip netns exec "$1" cat "/sys/class/net/$2/address"; }

cat >syn.py <<'PROGRAM'
"""Sends two SYNs, or receives them and prints the MSS and whether the TCP checksum is right."""
import socket
import struct
import sys

NEAR, FAR = socket.inet_aton('192.0.2.2'), socket.inet_aton('198.51.100.2')
MSS, WINDOW_SCALE, END = bytes.fromhex('020405b4'), bytes.fromhex('030307'), bytes(1)
OPTIONS = {1001: ('even', MSS + WINDOW_SCALE + END), 1002: ('odd', WINDOW_SCALE + MSS + END)}


def checksum(data):
    """The ones' complement sum of RFC 1071 over data of even length; 0 if the data includes a right one."""
    total = sum(word for (word,) in struct.iter_unpack('!H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def pseudo(segment):
    return NEAR + FAR + struct.pack('!BBH', 0, 6, len(segment)) + segment


def syn(port, options):
    segment = struct.pack('!HHIIBBHHH', port, 80, 1, 0, 7 << 4, 2, 8192, 0, 0) + options
    segment = segment[:16] + struct.pack('!H', checksum(pseudo(segment))) + segment[18:]
    header = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(segment), 1, 0x4000, 64, 6, 0, NEAR, FAR)
    return header[:10] + struct.pack('!H', checksum(header)) + header[12:] + segment


def mss(options):
    return struct.unpack_from('!H', options, 5 if options[0] == 3 else 2)[0]


with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as device:
    device.bind((sys.argv[2], 0))
    if sys.argv[1] == 'send':
        for port, (_, options) in OPTIONS.items():
            device.send(bytes.fromhex(sys.argv[3].replace(':', '') + '02000000000a' + '0800') + syn(port, options))
        sys.exit()
    device.settimeout(10)
    print('listening', flush=True)
    for port, (place, _) in OPTIONS.items():
        frame = b''
        while frame[23:24] != b'\6' or struct.unpack_from('!H', frame, 34)[0] != port:
            frame = device.recv(4096)
        segment = frame[34:34 + 28]
        print(f"{place} offset: MSS {mss(segment[20:])}, checksum {'wrong' if checksum(pseudo(segment)) else 'right'}")
PROGRAM

# try NAME DEVICE MAC: what becomes of two SYNs that leave near by DEVICE for MAC and come to far by its device of that name.
try() {
  ip netns exec "$far" python3 syn.py receive "$2" >received.txt 2>&1 &
  local receiver=$!
  programs+=("$receiver")
  for _ in $(seq 50); do grep -q listening received.txt && break; sleep 0.1; done
  ip netns exec "$near" python3 syn.py send "$2" "$3"
  wait "$receiver" || true
  grep -v listening received.txt | sed "s/^/$1: /" | tee -a results.txt
}

# wait_for SPACE FILE PATTERN: a program's log says that it is ready.
wait_for() {
  for _ in $(seq 200); do grep -q "$2" "$1" && return; sleep 0.1; done
  cannot "not ready: $(tail -1 "$1")"
}

try 'plain router' lan "$(mac_of "$router" left)"
ip netns exec "$router" nft 'add table inet clamp; add chain inet clamp forward { type filter hook forward priority 0; };
  add rule inet clamp forward tcp flags syn tcp option maxseg size set 1200'
try nftables lan "$(mac_of "$router" left)"
ip netns exec "$router" nft delete table inet clamp
ip netns exec "$router" iptables -t mangle -A FORWARD -p tcp --syn -j TCPMSS --set-mss 1200
try iptables lan "$(mac_of "$router" left)"
echo "far has dropped, as its own counter says: $(ip netns exec "$far" nstat -az TcpInCsumErrors | awk 'END { print $2 }') SYNs"

openvpn --genkey secret key 2>genkey.log
for end in "$near 203.0.113.1 203.0.113.2" "$far 203.0.113.2 203.0.113.1"; do
  read -r space address other <<<"$end"
  ip netns exec "$space" openvpn --dev ovpn --dev-type tap --proto udp --local "$address" --remote "$other" \
    --secret key --cipher AES-256-CBC --mssfix 1200 fixed >"$space.openvpn" 2>&1 &
  programs+=($!)
done
for space in "$near" "$far"; do
  wait_for "$space.openvpn" 'Initialization Sequence Completed'
  ip -n "$space" link set ovpn up
done
try OpenVPN ovpn 02:00:00:00:00:0b

expected='plain router: even offset: MSS 1460, checksum right
plain router: odd offset: MSS 1460, checksum right
nftables: even offset: MSS 1200, checksum right
nftables: odd offset: MSS 1200, checksum wrong
iptables: even offset: MSS 1200, checksum right
iptables: odd offset: MSS 1200, checksum wrong
OpenVPN: even offset: MSS 1160, checksum right
OpenVPN: odd offset: MSS 1160, checksum wrong'
if [ "$(cat results.txt)" != "$expected" ]; then
  echo 'CHANGED: other MSS or checksums than expected'
  exit 1
fi
echo 'as stated: an MSS lowered at an odd offset comes with a wrong checksum, and the SYN is dropped'
