#!/usr/bin/env bash
# fastd 22: a full-sized frame with a VLAN tag loses its last four bytes on the way, without an error.
#
# A TAP of MTU 1500 takes frames of 1514 bytes, and of 1518 with an IEEE 802.1Q tag, as every Ethernet does: the tag does
# not count toward the MTU. One would expect fastd to carry such a frame whole or to drop it. Instead
# the peer's TAP delivers a frame of 1514 bytes whose tail is missing. Untagged frames of full size arrive whole.
#
# Octolink: a read from a TAP needs room for tags beyond its MTU, and next to fastd VLANs are carried whole only if their
# own MTU is 1496.
set -euo pipefail

FASTD=22-4
PACKAGES=("fastd=$FASTD" libuecc0=7-5 libjson-c5=0.16-2 libmnl0=1.0.4-3)

work=$(mktemp -d)
near=fastd-$$-near
far=fastd-$$-far
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
for program in ip python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no fastd $FASTD"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
fastd="$work/package/usr/bin/fastd"
! ldd "$fastd" | grep 'not found' || cannot 'libraries are missing'
"$fastd" --version

ip netns add "$near"
ip netns add "$far"
ip link add underlay mtu 2000 netns "$near" type veth peer name underlay mtu 2000 netns "$far"
for space in "$near" "$far"; do "$fastd" --generate-key >"$space.key" 2>/dev/null; done

# start SPACE ADDRESS OTHER-SPACE OTHER-ADDRESS: one end, with a TAP of MTU 1500 over an underlay of 2000 bytes.
start() {
  ip -n "$1" addr add "$2/24" dev underlay
  ip -n "$1" link set underlay up
  cat >"$1.conf" <<CONFIGURATION
mode tap;
interface "tap0";
method "null";
mtu 1500;
bind $2:10000;
secret "$(sed -n 's/^Secret: //p' "$1.key")";
peer "other" { key "$(sed -n 's/^Public: \([0-9a-f]*\).*/\1/p' "$3.key")"; remote $4:10000; }
CONFIGURATION
  ip netns exec "$1" "$fastd" --config "$1.conf" >"$1.log" 2>&1 &
  programs+=($!)
}
start "$near" 192.0.2.1 "$far" 192.0.2.2
start "$far" 192.0.2.2 "$near" 192.0.2.1
for _ in $(seq 150); do
  grep -q 'connection with .* established' "$near.log" && grep -q 'connection with .* established' "$far.log" && break
  sleep 0.1
done
grep -q 'connection with .* established' "$far.log" || cannot "the two ends do not connect: $(tail -1 "$far.log")"
for space in "$near" "$far"; do ip -n "$space" link set tap0 up; done

cat >frames.py <<'PROGRAM'
"""Sends three frames, or receives them and prints how much of each has come, the tag included."""
import socket
import sys

HEADER = bytes.fromhex('020000000009' '020000000008')
TAG = bytes.fromhex('81000005')
TYPE = bytes.fromhex('88b5')
# The last four bytes are unlike the others, so that a cut shows.
FULL = bytes(1496) + bytes.fromhex('a1a2a3a4')
FRAMES = [HEADER + TYPE + FULL, HEADER + TAG + TYPE + FULL[4:], HEADER + TAG + TYPE + FULL]
SOL_PACKET, PACKET_AUXDATA = 263, 8

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as device:
    device.bind(('tap0', 0))
    if sys.argv[1] == 'send':
        for frame in FRAMES:
            device.send(frame)
        sys.exit()
    device.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    device.settimeout(10)
    print('listening', flush=True)
    for sent in FRAMES:
        data = b''
        while data[:6] != HEADER[:6]:
            data, facts, _, _ = device.recvmsg(4096, 256)
        # The kernel takes the tag out of the frame and reports it separately (TP_STATUS_VLAN_VALID).
        is_tagged = any(int.from_bytes(fact[:4], sys.byteorder) & 0x10 for _, _, fact in facts)
        length = len(data) + (4 if is_tagged else 0)
        tail = 'whole' if data.endswith(FULL[-4:]) else 'cut'
        print(f"{'tagged' if is_tagged else 'untagged'}: {len(sent)} bytes sent, {length} received, {tail}", flush=True)
PROGRAM

ip netns exec "$far" python3 frames.py receive >received.txt 2>&1 &
receiver=$!
programs+=("$receiver")
for _ in $(seq 50); do grep -q listening received.txt && break; sleep 0.1; done
ip netns exec "$near" python3 frames.py send
wait "$receiver" || true
grep -v listening received.txt

expected='untagged: 1514 bytes sent, 1514 received, whole
tagged: 1514 bytes sent, 1514 received, whole
tagged: 1518 bytes sent, 1514 received, cut'
if [ "$(grep -v listening received.txt)" != "$expected" ]; then
  echo 'CHANGED: tagged frames of full size no longer arrive four bytes short'
  exit 1
fi
echo 'as stated: a tagged frame of 1518 bytes arrives with 1514, its tail missing'
