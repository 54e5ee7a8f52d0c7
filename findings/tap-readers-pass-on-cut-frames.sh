#!/usr/bin/env bash
# tinc 1.0.36, VDE 2.3.2 and socat 1.7.4.4: of a frame that is too large for them the beginning arrives, as if it were the frame.
#
# With MTU 9000 on the TAPs of both ends one would expect a VPN to carry large frames or to drop them, as a switch does that is not made for
# jumbo frames. All three read a TAP into a buffer of fixed size: 1,518 bytes in tinc (Debian's, without --enable-jumbograms) and at the end
# of VDE's way, 8,192 in socat unless `-b` says otherwise. Of a longer frame Linux gives what fits and throws the rest away; the read
# succeeds, no flag tells and no counter moves. They send that on. tinc.conf(5) and the pages of VDE name no largest frame, socat(1) says
# how much is "transferred per step", and the MTU can be set without an error.
#
# Octolink: its reads have room for the MTU of octo0, tags and offloads. Coming from tinc, an MTU that was raised there by hand has not
# carried large frames: IP stacks drop what is shorter than its header says, and larger pings never came back.
set -euo pipefail

TINC=1.0.36-2+b2
SOCAT=1.7.4.4-2
VDE=2.3.2+r586-8+b1
PACKAGES=("tinc=$TINC" "socat=$SOCAT" liblzo2-2=2.10-2 libwrap0=7.6.q-32 "vde2=$VDE" "vde-switch=$VDE" libvdeplug2=4.0.1-4)

work=$(mktemp -d)
near=cut-$$-near
far=cut-$$-far
programs=()
stop() {
  for program in "${programs[@]}"; do kill "$program" 2>/dev/null || true; done
  for program in "${programs[@]}"; do wait "$program" 2>/dev/null || true; done
  programs=()
}
clean_up() {
  stop
  for space in "$near" "$far"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip ping python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot 'no such packages'
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu:$work/package/lib/$(uname -m)-linux-gnu"
tincd="$work/package/usr/sbin/tincd"
socat="$work/package/usr/bin/socat"
switch="$work/package/usr/bin/vde_switch"
plug="$work/package/usr/bin/vde_plug2tap"
for program in "$tincd" "$socat" "$switch" "$plug"; do ! ldd "$program" | grep 'not found' || cannot 'libraries are missing'; done
"$tincd" --version | head -1
dpkg-deb -W vde2_*.deb
"$socat" -V | sed -n 's/^socat version \([^ ]*\).*/socat \1/p'

ip netns add "$near"
ip netns add "$far"
ip link add wire mtu 9500 netns "$near" type veth peer name wire mtu 9500 netns "$far"
declare -A spaces=([near]=$near [far]=$far) addresses=([near]=192.0.2.1 [far]=192.0.2.2)
for end in near far; do
  ip -n "${spaces[$end]}" addr add "${addresses[$end]}/24" dev wire
  ip -n "${spaces[$end]}" link set wire up
done

cat >frames.py <<'PROGRAM'
"""Sends frames of several lengths by tap0, or receives them and prints how much of each has come; waits for tap0."""
import os, socket, sys, time

LENGTHS = [1514, 1518, 1600, 4000, 8192, 9014]
BROADCAST, SOURCE, TYPE = b'\xff' * 6, bytes.fromhex('020000000001'), bytes.fromhex('88b5')


def frame(length):
    return BROADCAST + SOURCE + TYPE + length.to_bytes(2, 'big') * ((length - 14) // 2)


with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5)) as device:
    device.bind(('tap0', 0))
    if sys.argv[1] == 'send':
        for length in LENGTHS:
            device.send(frame(length))
            time.sleep(0.2)
        sys.exit()
    device.settimeout(3)
    print('listening', flush=True)
    came = {}
    # The first frames may be lost while the two ends find each other: they are sent until all have come.
    while len(came) < len(LENGTHS):
        try:
            data, address = device.recvfrom(70000)
        except TimeoutError:
            break
        length = int.from_bytes(data[14:16], 'big')
        if address[2] != socket.PACKET_OUTGOING and data == frame(length)[: len(data)]:
            came[length] = len(data)
    for length in LENGTHS:
        print(f'{length} bytes sent, {came.get(length, "nothing")} received')
PROGRAM

# carried NAME: what of the frames comes from near to far.
carried() {
  local end
  for end in near far; do
    for _ in $(seq 100); do ip -n "${spaces[$end]}" link set tap0 mtu 9000 up 2>/dev/null && break; sleep 0.1; done
  done
  ip -n "$near" addr add 198.51.100.1/24 dev tap0
  ip -n "$far" addr add 198.51.100.2/24 dev tap0
  for _ in $(seq 100); do
    ip netns exec "$near" ping -q -c 1 -W 1 198.51.100.2 >ping.log 2>&1 && break
    sleep 0.1
  done
  ip netns exec "$far" python3 frames.py receive >received.txt 2>&1 &
  local listener=$!
  for _ in $(seq 100); do grep -q listening received.txt && break; sleep 0.1; done
  ip netns exec "$near" python3 frames.py send
  wait "$listener" || cannot "$1: $(tail -1 received.txt)"
  sed "1d;s/^/$1: /" received.txt | tee -a results.txt
}
for end in near far; do
  mkdir -p "$end/hosts"
  printf 'Name=%s\nMode=switch\nDevice=/dev/net/tun\nDeviceType=tap\nInterface=tap0\n' "$end" >"$end/tinc.conf"
  [ "$end" = near ] || echo 'ConnectTo=near' >>"$end/tinc.conf"
  echo "Address=${addresses[$end]}" >"$end/hosts/$end"
  "$tincd" -c "$end" -K2048 </dev/null >keys.log 2>&1
done
cp near/hosts/near far/hosts/
cp far/hosts/far near/hosts/
for end in near far; do
  ip netns exec "${spaces[$end]}" "$tincd" -c "$end" -D --pidfile="$work/$end.pid" >"$end.log" 2>&1 &
  programs+=($!)
done
carried tinc
stop

"$switch" -s "$work/switch" -p "$work/switch.pid" -d >switch.log 2>&1
for _ in $(seq 100); do [ -S switch/ctl ] && [ -s switch.pid ] && break; sleep 0.1; done
programs+=("$(cat switch.pid)")
for end in near far; do
  ip netns exec "${spaces[$end]}" "$plug" -s "$work/switch" tap0 >"$end.log" 2>&1 &
  programs+=($!)
done
carried VDE
stop

tap=TUN,tun-type=tap,iff-no-pi,iff-up,tun-name=tap0
ip netns exec "$far" "$socat" "$tap" UDP4-LISTEN:6000 >far.log 2>&1 &
programs+=($!)
# What comes before the far end listens would end the near one.
for _ in $(seq 100); do ip netns exec "$far" grep -q ":$(printf %04X 6000) " /proc/net/udp && break; sleep 0.1; done
ip netns exec "$near" "$socat" "$tap" UDP4:192.0.2.2:6000 >near.log 2>&1 &
programs+=($!)
carried socat

expected='tinc: 1514 bytes sent, 1514 received
tinc: 1518 bytes sent, 1518 received
tinc: 1600 bytes sent, 1518 received
tinc: 4000 bytes sent, 1518 received
tinc: 8192 bytes sent, 1518 received
tinc: 9014 bytes sent, 1518 received
VDE: 1514 bytes sent, 1514 received
VDE: 1518 bytes sent, 1518 received
VDE: 1600 bytes sent, 1518 received
VDE: 4000 bytes sent, 1518 received
VDE: 8192 bytes sent, 1518 received
VDE: 9014 bytes sent, 1518 received
socat: 1514 bytes sent, 1514 received
socat: 1518 bytes sent, 1518 received
socat: 1600 bytes sent, 1600 received
socat: 4000 bytes sent, 4000 received
socat: 8192 bytes sent, 8192 received
socat: 9014 bytes sent, 8192 received'
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: frames that are too large arrive cut'
