#!/usr/bin/env bash
# OpenVPN 2.6.14: behind a client of a server of TAPs the first 256 stations have a network, and every later one has none.
#
# A server in TAP mode learns where MAC addresses are, 256 for each client. The manual page calls `--max-routes-per-client` a help against
# clients that "flood the server with packets appearing to come from many unique MAC addresses", and names no time for which they are kept.
# One would expect what a bridge does: forget stations that are silent (IEEE 802.1Q, 8.8.3: after 300 s), and forward for one that
# the table has no room for. The addresses of a client are kept for as long as it is connected. What comes from another one is dropped, its
# broadcasts too, and what is for it goes to nobody. The log says so at verb 4, and nothing at the default verb. Here stations 1 to
# 300 speak, and then, for 70 seconds, only the last 60 of them; after 320 seconds it was no other.
#
# Octolink: an address leaves the table after its time, or when another one needs the room (`mac-table`). Coming from OpenVPN, a LAN whose
# phones show another address each time is a reason to come, and connecting again a remedy until then.
set -euo pipefail

PACKAGES=(openvpn=2.6.14-0+deb12u2 libpkcs11-helper1=1.29.0-1 libnl-genl-3-200=3.7.0-0.2+b1 libnl-3-200=3.7.0-0.2+b1
  libcap-ng0=0.8.3-1+b3 liblzo2-2=2.10-2)

work=$(mktemp -d)
server=many-$$-server
near=many-$$-near
far=many-$$-far
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

declare -A spaces=([server]=$server [near]=$near [far]=$far) fingerprint
for name in server near far; do
  ip netns add "${spaces[$name]}"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$name" \
    -keyout "$name.key" -out "$name.crt" 2>openssl.log
  fingerprint[$name]=$(openssl x509 -noout -fingerprint -sha256 -in "$name.crt" | cut -d= -f2)
done
ip -n "$server" link add under type bridge
ip -n "$server" addr add 192.0.2.1/24 dev under
ip -n "$server" link set under up

# start NAME OPTION...: one end, with a TAP named tap0 that comes up and has no addresses, so that it stays silent.
start() {
  local space=${spaces[$1]}
  ip netns exec "$space" "$openvpn" --dev tap0 --dev-type tap --proto udp4 --cert "$1.crt" --key "$1.key" "${@:2}" \
    >"$1.log" 2>&1 &
  programs+=($!)
  for _ in $(seq 200); do grep -q 'Initialization Sequence Completed' "$1.log" && break; sleep 0.1; done
  grep -q 'Initialization Sequence Completed' "$1.log" || cannot "not ready: $(tail -1 "$1.log")"
  ip netns exec "$space" sysctl -qw net.ipv6.conf.tap0.disable_ipv6=1
  ip -n "$space" link set tap0 up
}
start server --mode server --tls-server --dh none --client-to-client --keepalive 5 60 --peer-fingerprint \
  "$(printf '%s\n%s' "${fingerprint[near]}" "${fingerprint[far]}")"
for name in near far; do
  ip link add "$name" netns "$server" type veth peer name wire netns "${spaces[$name]}"
  ip -n "$server" link set "$name" master under up
  ip -n "${spaces[$name]}" addr add "192.0.2.$([ "$name" = near ] && echo 2 || echo 3)/24" dev wire
  ip -n "${spaces[$name]}" link set wire up
  start "$name" --client --nobind --remote 192.0.2.1 --peer-fingerprint "${fingerprint[server]}"
done

cat >stations.py <<'PROGRAM'
"""Has the stations FIRST to LAST speak, asks each of them, or listens for either and prints how many were heard, until somebody says end."""
import socket, sys, time

WHAT, FIRST, LAST = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
TYPE, BROADCAST = bytes.fromhex('88b5'), b'\xff' * 6
ASKING, ENDING = bytes.fromhex('0200000100ff'), bytes.fromhex('0200000200ff')


def station(number):
    return bytes([2, 0, 0, 0, number >> 8, number & 255])


STATIONS = {station(number) for number in range(FIRST, LAST + 1)}
device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
device.bind(('tap0', 0))
if WHAT == 'end':
    device.send(BROADCAST + ENDING + TYPE + bytes(46))
elif WHAT == 'listen':
    device.settimeout(60)
    print('listening', flush=True)
    heard = set()
    data = b''
    while data[6:12] != ENDING:
        data, address = device.recvfrom(2000)
        if address[2] != socket.PACKET_OUTGOING:
            heard |= {data[:6], data[6:12]} & STATIONS
    print(f'{len(heard)} of {LAST - FIRST + 1}')
else:
    for number in range(FIRST, LAST + 1):
        addresses = BROADCAST + station(number) if WHAT == 'speak' else station(number) + ASKING
        device.send(addresses + TYPE + bytes(46))
        # The queues on the way have room for some hundred frames.
        time.sleep(0.005)
PROGRAM

# heard BY WHAT OF FIRST LAST: how many of the stations FIRST to LAST are heard at the client BY while OF says or asks.
heard() {
  ip netns exec "$1" python3 stations.py listen "$4" "$5" >heard.txt &
  local listener=$!
  programs+=("$listener")
  for _ in $(seq 100); do grep -q listening heard.txt && break; sleep 0.1; done
  ip netns exec "$3" python3 stations.py "$2" "$4" "$5"
  sleep 1
  ip netns exec "$server" python3 stations.py end "$4" "$5"
  wait "$listener" || cannot 'nothing arrives'
  tail -1 heard.txt
}

said() { echo "$1" | tee -a results.txt; }
said "all speak: the other client hears $(heard "$far" speak "$near" 1 300)"
said "all are asked: $(heard "$near" ask "$far" 1 300) hear it"
for _ in $(seq 7); do
  sleep 10
  ip netns exec "$near" python3 stations.py speak 241 300
done
said "after the last 60 alone spoke for 70 seconds: $(heard "$far" speak "$near" 241 300) of these are heard"
said "all are asked: $(heard "$near" ask "$far" 241 300) hear it"
said "told of it in the log: $(grep -c 'quota\|bad source' server.log)"
expected='all speak: the other client hears 256 of 300
all are asked: 256 of 300 hear it
after the last 60 alone spoke for 70 seconds: 16 of 60 of these are heard
all are asked: 16 of 60 hear it
told of it in the log: 0'
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: stations after the first 256 are cut off'
