#!/usr/bin/env bash
# hping3 3.a2: now and then a round trip of a millisecond is told as one of 1001 ms.
#
# One would expect a round trip as others measure it. Of some packets that leave just after a second has begun hping3 tells one that is a second
# too long, and the maximum and the mean of the summary are wrong with it. It looks as if seconds and microseconds came from
# two clocks, of which Linux moves that of time(2) with the timer tick only; in later sources, never released, both come from one. hping3(8) says
# nothing of it.
# Here hping3 sends 20,000 echo requests, 2,000 a second, and a packet socket beside it takes the time of each answer.
#
# Octolink: "max 1001 ms" on a path over it, or below it, is no outage of a second when hping3 says it. Ask ping, fping or `show links`.
set -euo pipefail

HPING3=3.a2.ds2-10
PACKAGES=("hping3=$HPING3" libtcl8.6=8.6.13+dfsg-2 libpcap0.8=1.10.3-1)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip ping python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
near=second-$$-near
far=second-$$-far
watcher=
clean_up() {
  if [ -n "$watcher" ]; then kill "$watcher" 2>/dev/null || true; wait "$watcher" 2>/dev/null || true; fi
  for space in "$near" "$far"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cd "$work"
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no hping3 $HPING3"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu"
hping3="$work/package/usr/sbin/hping3"
! ldd "$hping3" | grep 'not found' || cannot 'libraries are missing'
dpkg-deb -W hping3_*.deb

ip netns add "$near"
ip netns add "$far"
ip link add wire netns "$near" type veth peer name wire netns "$far"
number=0
for space in "$near" "$far"; do
  number=$((number + 1))
  ip -n "$space" addr add "192.0.2.$number/24" dev wire
  ip -n "$space" link set wire up
done
for _ in $(seq 100); do ip netns exec "$near" ping -q -c 1 -W 1 192.0.2.2 >ping.log 2>&1 && break; sleep 0.1; done

cat >watch.py <<'PROGRAM'
"""Measures round trips of 20,000 echo requests from the stamps that the kernel gives the frames, and prints the longest in microseconds."""
import socket, struct

COUNT = 20000
SO_TIMESTAMPNS, SO_RCVBUFFORCE, STAMP = 35, 33, struct.Struct('@qq')
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
wire.bind(('wire', 0))
wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
wire.settimeout(20)
print('watching', flush=True)
left, longest, answered = {}, 0, 0
while answered < COUNT:
    frame, extra, _, _ = wire.recvmsg(2000, 256)
    if frame[12:14] != b'\x08\x00' or frame[23] != 1:
        continue
    seconds, nanoseconds = STAMP.unpack(extra[0][2])
    at = seconds * 10**9 + nanoseconds
    which = frame[38:42]
    if frame[34] == 8:
        left[which] = at
    elif which in left:
        longest = max(longest, at - left[which])
        answered += 1
print(longest // 1000)
PROGRAM
ip netns exec "$near" python3 watch.py >watched.txt &
watcher=$!
for _ in $(seq 100); do grep -q watching watched.txt && break; sleep 0.1; done
ip netns exec "$near" timeout 60 "$hping3" -1 -i u500 -c 20000 192.0.2.2 >answers.txt 2>summary.txt || true
wait "$watcher" || cannot 'not all answers came'
watcher=
late=$(grep -o 'rtt=[0-9]*' answers.txt | cut -d= -f2 | awk '$1 >= 1000' | wc -l)
longest=$(tail -1 watched.txt)
echo "hping3: $(tail -1 summary.txt), $late answers after 1000 ms or more"
echo "seen on the wire: the longest round trip took $longest µs"
[ "$longest" -lt 500000 ] || cannot 'the machine is too busy'
[ "$late" -ge 1 ] || { echo 'CHANGED: no answer is told as a second late'; exit 1; }
echo 'as stated: some round trips are told as a second too long'
