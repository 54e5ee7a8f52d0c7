#!/usr/bin/env bash
# OpenVPN 2.6.14: a server of TAPs gives a frame for a station that it has not heard yet to no client.
#
# A bridge that does not know where a station is floods the frame to all ports (IEEE 802.1Q, 8.8.3). A server in TAP mode with
# `client-to-client` learns MAC addresses as a bridge does, so one would expect the same. It sends broadcasts and multicasts to
# all clients, but a unicast to an address that it has not learned goes to none of them, neither from a client nor from the
# server's own TAP. The station is unreachable until it has sent something itself.
#
# Octolink: it floods, within the limits of the page about the switch. Coming from OpenVPN, expect frames for stations that are
# silent, such as sensors and hosts after a restart of the server, to arrive where they were lost before.
set -euo pipefail

PACKAGES=(openvpn=2.6.14-0+deb12u2 libpkcs11-helper1=1.29.0-1 libnl-genl-3-200=3.7.0-0.2+b1 libnl-3-200=3.7.0-0.2+b1
  libcap-ng0=0.8.3-1+b3 liblzo2-2=2.10-2)

work=$(mktemp -d)
server=silent-$$-server
near=silent-$$-near
far=silent-$$-far
programs=()
clean_up() {
  for program in "${programs[@]}"; do kill "$program" 2>/dev/null || true; done
  for program in "${programs[@]}"; do wait "$program" 2>/dev/null || true; done
  for space in "$server" "$near" "$far"; do ip netns del "$space" 2>/dev/null || true; done
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

for space in "$server" "$near" "$far"; do ip netns add "$space"; done
declare -A spaces=([near]=$near [far]=$far)
declare -A fingerprint
for name in server near far; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$name" \
    -keyout "$name.key" -out "$name.crt" 2>openssl.log
  fingerprint[$name]=$(openssl x509 -noout -fingerprint -sha256 -in "$name.crt" | cut -d= -f2)
done

# start SPACE NAME OPTION...: one end, with a TAP named tap0 that comes up.
start() {
  ip netns exec "$1" "$openvpn" --dev tap0 --dev-type tap --proto udp --cert "$2.crt" --key "$2.key" "${@:3}" \
    >"$2.log" 2>&1 &
  programs+=($!)
  for _ in $(seq 200); do grep -q 'Initialization Sequence Completed' "$2.log" && break; sleep 0.1; done
  grep -q 'Initialization Sequence Completed' "$2.log" || cannot "not ready: $(tail -1 "$2.log")"
  ip -n "$1" link set tap0 up
}

for name in near far; do
  space=${spaces[$name]}
  number=$([ "$name" = near ] && echo 1 || echo 2)
  ip link add "$name" netns "$server" type veth peer name under netns "$space"
  ip -n "$server" addr add "192.0.2.$number/32" peer "198.51.100.$number" dev "$name"
  ip -n "$space" addr add "198.51.100.$number/32" peer "192.0.2.$number" dev under
  ip -n "$server" link set "$name" up
  ip -n "$space" link set under up
done
start "$server" server --mode server --tls-server --dh none --multihome --client-to-client --peer-fingerprint \
  "$(printf '%s\n%s' "${fingerprint[near]}" "${fingerprint[far]}")" --keepalive 5 60
for name in near far; do
  space=${spaces[$name]}
  number=$([ "$name" = near ] && echo 1 || echo 2)
  start "$space" "$name" --client --nobind --remote "192.0.2.$number" --peer-fingerprint "${fingerprint[server]}"
done

cat >frames.py <<'PROGRAM'
"""Sends a frame for TARGET from SOURCE by tap0, or listens until the last of the test's frames and prints what comes."""
import socket
import sys

TYPE = bytes.fromhex('88b5')


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5)) as device:
    device.bind(('tap0', 0))
    if sys.argv[1] == 'send':
        device.send(mac(sys.argv[2]) + mac(sys.argv[3]) + TYPE + sys.argv[4].encode().ljust(46, b'\0'))
        sys.exit()
    device.settimeout(20)
    print('listening', flush=True)
    text = ''
    while text != 'the last frame':
        data, address = device.recvfrom(2000)
        # What this host itself sends is seen here too.
        if address[2] != socket.PACKET_OUTGOING:
            text = data[14:].rstrip(b'\0').decode()
            print(text, flush=True)
PROGRAM

station=02:00:00:00:00:0f
broadcast=ff:ff:ff:ff:ff:ff
send() { ip netns exec "$1" python3 frames.py send "$2" "$3" "$4"; }
ip netns exec "$far" python3 frames.py receive >received.txt 2>&1 &
receiver=$!
programs+=("$receiver")
for _ in $(seq 50); do grep -q listening received.txt && break; sleep 0.1; done
send "$near" "$broadcast" 02:00:00:00:00:0a 'a broadcast from a client'
send "$near" "$station" 02:00:00:00:00:0a 'a unicast from a client before the station has spoken'
send "$server" "$station" 02:00:00:00:00:0c 'a unicast from the server before the station has spoken'
sleep 0.5
send "$far" "$broadcast" "$station" 'the station speaks'
sleep 0.5
send "$near" "$station" 02:00:00:00:00:0a 'a unicast from a client after it'
send "$server" "$station" 02:00:00:00:00:0c 'a unicast from the server after it'
sleep 0.5
send "$near" "$broadcast" 02:00:00:00:00:0a 'the last frame'
wait "$receiver" || true
echo 'the client with the station has received:'
grep -v listening received.txt | tee results.txt

expected='a broadcast from a client
a unicast from a client after it
a unicast from the server after it
the last frame'
if [ "$(cat results.txt)" != "$expected" ]; then
  echo 'CHANGED: frames for a station that has not spoken arrive, or others do not'
  exit 1
fi
echo 'as stated: frames for a station that has not spoken go to no client'
