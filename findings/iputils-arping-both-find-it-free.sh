#!/usr/bin/env bash
# iputils-arping 20221126: of two hosts that claim one address at the same time both are told that it is free.
#
# `arping -D` looks whether an address is in use and "Returns 0, if DAD succeeded i.e. no replies are received". It sends probes, ARP
# requests from 0.0.0.0, as RFC 5227 has it; that says, in 2.1.1, that a probe of another host for the same address is a conflict as well,
# since otherwise two hosts that begin together both take it. arping ignores such probes: each host sees those of the other, and
# both end with 0. When one host has the address already, the other is told. The hardware address that is asked for is all
# ones in its probes, where the RFC has zeros.
#
# Octolink: hosts that start together, after a cut of power or by one `ansible` run, with one address in two configurations. Octolink
# tells of two stations with one address as soon as both speak (`show events`), whatever arping said to them.
set -euo pipefail

VERSION=3:20221126-1+deb12u1
PACKAGES=("iputils-arping=$VERSION" libcap2=1:2.66-4+deb12u3+b1)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
near=claim-$$-near
far=claim-$$-far
clean_up() {
  for space in "$near" "$far"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cd "$work"
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no iputils-arping $VERSION"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu:$work/package/lib/$(uname -m)-linux-gnu"
arping="$work/package/usr/bin/arping"
! ldd "$arping" | grep 'not found' || cannot 'libraries are missing'
"$arping" -V | head -1

ip netns add "$near"
ip netns add "$far"
ip link add wire netns "$near" type veth peer name wire netns "$far"
for space in "$near" "$far"; do ip -n "$space" link set wire up; done

cat >listen.py <<'PROGRAM'
"""Prints which probes for 192.0.2.9 come in at the wire until four have, or ten seconds have passed."""
import socket

ADDRESS = bytes([192, 0, 2, 9])
device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
device.bind(('wire', 0))
device.settimeout(10)
print('listening', flush=True)
count = 0
try:
    while count < 4:
        frame, address = device.recvfrom(2000)
        is_probe = frame[20:22] == b'\0\1' and frame[28:32] == bytes(4) and frame[38:42] == ADDRESS
        if address[2] != socket.PACKET_OUTGOING and is_probe:
            count += 1
except TimeoutError:
    pass
print(f'{count} probes of the other host have come')
PROGRAM

# claim SPACE NAME: asks in that host whether the address is free.
claim() {
  local status=0
  ip netns exec "$1" "$arping" -q -D -c 4 -w 4 -I wire 192.0.2.9 >"$2.txt" 2>&1 || status=$?
  echo "$2: exit code $status" >"$2.txt"
}

listeners=()
for space in "$near" "$far"; do
  ip netns exec "$space" python3 listen.py >"$space.log" &
  listeners+=($!)
done
for space in "$near" "$far"; do
  for _ in $(seq 100); do grep -q listening "$space.log" && break; sleep 0.1; done
done
claim "$near" 'near, both at once' &
claims=($!)
claim "$far" 'far, both at once' &
claims+=($!)
wait "${claims[@]}" "${listeners[@]}"
ip -n "$far" addr add 192.0.2.9/24 dev wire
claim "$near" 'near, while far has it'

for name in near far; do
  space=$([ "$name" = near ] && echo "$near" || echo "$far")
  echo "$name: $(tail -1 "$space.log")" | tee -a results.txt
  cat "$name, both at once.txt" | tee -a results.txt
done
cat 'near, while far has it.txt' | tee -a results.txt
expected='near: 4 probes of the other host have come
near, both at once: exit code 0
far: 4 probes of the other host have come
far, both at once: exit code 0
near, while far has it: exit code 1'
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: both hosts may have the address'
