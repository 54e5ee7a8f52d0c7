#!/usr/bin/env bash
# Linux 6.18: a bridge drops frames above the MTU of the port they leave by, uncounted, but lets TCP super-frames of such frames pass.
#
# A bridge of two ports, MTU 1500 and 1400. One would expect that frames of 1442 bytes are treated alike, and that what is dropped
# shows in a counter of the port or of the bridge. Echo requests of that size vanish, and no counter of dropped frames or errors
# moves. TCP with segments of 1448 bytes gets through as long as its segments come together, as the super-frame of GSO, whose size
# is not compared: the first window arrives. A segment that is sent alone is above the MTU again.
#
# Octolink: octo0 in a bridge with a smaller MTU than the other ports looks like a tunnel that loses large frames; the same MTU at
# all ports cures it. And octolinkd must be ready for super-frames with segments above the MTU of octo0.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip ping python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

near=bridge-$$-near
far=bridge-$$-far
switch=bridge-$$-switch
server=
work=$(mktemp -d)
clean_up() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  for space in "$near" "$far" "$switch"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

for space in "$near" "$far" "$switch"; do ip netns add "$space"; done
ip -n "$switch" link add bridge type bridge 2>/dev/null || cannot 'this kernel has no bridge'
ip -n "$switch" link set bridge up
for i in 1 2; do
  space=$([ "$i" = 1 ] && echo "$near" || echo "$far")
  ip link add wire netns "$space" type veth peer name "port$i" netns "$switch"
  ip -n "$space" address add "192.0.2.$i/24" dev wire
  ip -n "$space" link set wire up
  ip -n "$switch" link set "port$i" master bridge up
done
ip -n "$switch" link set port2 mtu 1400
ip netns exec "$near" ping -q -c 1 -W 5 192.0.2.2 >/dev/null || cannot 'the bridge does not forward'

# Prints the sum of all counters of loss of the bridge and its ports.
losses() {
  ip -n "$switch" -s -s -j link show | python3 -c '
import json, sys
names = ("dropped", "errors", "length_errors", "missed", "over_errors", "carrier_errors", "aborted_errors")
ports = [link["stats64"] for link in json.load(sys.stdin) if link["ifname"] != "lo"]
print(sum(way.get(name, 0) for port in ports for way in port.values() for name in names))'
}

before=$(losses)
echoed=$(ip netns exec "$near" ping -q -c 5 -i 0.2 -W 1 -s 1400 192.0.2.2 | sed -n 's/.* \([0-9]*\) received.*/\1/p') || true
lost=$(($(losses) - before))
echo "5 echo requests in frames of 1442 bytes: $echoed answered, $lost counted as lost anywhere on the bridge"

# The far end listens, says so, and prints how much of one TCP window came.
ip netns exec "$far" python3 -u -c '
import socket
listener = socket.create_server(("192.0.2.2", 5001))
print("listening", flush=True)
connection, _ = listener.accept()
connection.settimeout(3)
print(len(connection.recv(100000)), flush=True)' >"$work/server" &
server=$!
for _ in $(seq 100); do grep -q listening "$work/server" && break; sleep 0.1; done
segment=$(ip netns exec "$near" python3 -c '
import socket
connection = socket.create_connection(("192.0.2.2", 5001))
print(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
connection.send(bytes(8000))
connection.settimeout(3)
try:
    connection.recv(1)
except OSError:
    pass')
wait "$server" || true
server=
arrived=$(sed -n 2p "$work/server")
echo "8000 bytes by TCP in segments of $segment bytes: ${arrived:-0} arrived"

[ "$echoed" = 0 ] && [ "$lost" = 0 ] && [ "$segment" -gt 1400 ] && [ "${arrived:-0}" -gt 1400 ] ||
  { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: single frames vanish without a trace, together they pass'
