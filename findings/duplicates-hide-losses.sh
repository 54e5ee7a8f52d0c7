#!/usr/bin/env bash
# iperf3 3.12, iperf 2.1.8, nuttcp 6.1.2, hping3 3.a2 and nping 0.7.93: each packet that comes twice hides one that is lost.
#
# On a path that loses one packet of ten and brings another twice, one would expect a test to say that a tenth is lost. iperf3 and iperf
# take a number that they have had for one that comes late, and take it off the losses, as if it had been missing; nuttcp, hping3 and
# nping count what comes, whatever its number. All five say that nothing is lost, or as good as nothing. None of the manual pages
# speaks of copies. ping, fping and mtr, over the same path, say a tenth.
#
# Octolink: two lines with the same fault upstream, a loop in a network or another VPN that sends everything twice bring copies. What
# comes twice by links of Octolink is dropped by its number and hides nothing, also in `test peer … bandwidth`. Ask ping or fping of a
# network, or compare what the far device counts with what was sent.
set -euo pipefail

PACKAGES=(iperf3=3.12-1+deb12u2 libiperf0=3.12-1+deb12u2 libsctp1=1.0.19+dfsg-2 iperf=2.1.8+dfsg-1 nuttcp=6.1.2-4+b1
  hping3=3.a2.ds2-10 libtcl8.6=8.6.13+dfsg-2 nmap=7.93+dfsg1-1 libblas3=3.11.0-2 liblinear4=2.3.0+dfsg-5 lua-lpeg=1.0.2-2
  liblua5.3-0=5.3.6-2 libpcap0.8=1.10.3-1 libpcre3=2:8.39-15 libgfortran5=12.2.0-14+deb12u1 libquadmath0=12.2.0-14+deb12u1
  iputils-ping=3:20221126-1+deb12u1 fping=5.1-1 mtr-tiny=0.95-1 libjansson4=2.14-2)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip ethtool python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
near=copies-$$-near
path=copies-$$-path
far=copies-$$-far
programs=()
clean_up() {
  for program in "${programs[@]}"; do kill "$program" 2>/dev/null || true; done
  for program in "${programs[@]}"; do wait "$program" 2>/dev/null || true; done
  for space in "$near" "$path" "$far"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cd "$work"
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot 'no such packages'
for package in *.deb; do dpkg -x "$package" package; done
libraries="$work/package/usr/lib/$(uname -m)-linux-gnu"
export LD_LIBRARY_PATH="$libraries:$libraries/blas:$work/package/lib/$(uname -m)-linux-gnu"
export PATH="$work/package/usr/bin:$work/package/usr/sbin:$work/package/bin:$PATH"
export NMAPDIR="$work/package/usr/share/nmap"
for program in iperf3 iperf nuttcp hping3 nping ping fping mtr; do
  ! ldd "$(command -v "$program")" | grep 'not found' || cannot 'libraries are missing'
done
for package in iperf3 iperf nuttcp hping3 nmap iputils-ping fping mtr-tiny; do dpkg-deb -W "$package"_*.deb; done

cat >path.py <<'PROGRAM'
"""Joins the devices near and far. Of the UDP of tests to the far end and of the echo replies from there it loses the third and doubles the
seventh of each ten; all else passes as it comes."""
import select, socket

IPV4, ICMP, UDP, ECHO_REPLY, TEST_SIZE = b'\x08\x00', 1, 17, 0, 500

ends = []
for name in ('near', 'far'):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    end.bind((name, 0))
    ends.append(end)
count = {UDP: 0, ICMP: 0}
print('ready', flush=True)
while True:
    for end in select.select(ends, [], [])[0]:
        frame, address = end.recvfrom(70000)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        other = ends[1 - ends.index(end)]
        is_test = frame[23] == UDP and len(frame) > TEST_SIZE and end is ends[0]
        times = 1
        if frame[12:14] == IPV4 and (is_test or (frame[23] == ICMP and frame[34] == ECHO_REPLY)):
            count[frame[23]] += 1
            times = {3: 0, 7: 2}.get(count[frame[23]] % 10, 1)
        for _ in range(times):
            other.send(frame)
PROGRAM

for space in "$near" "$path" "$far"; do ip netns add "$space"; done
number=0
for end in near far; do
  number=$((number + 1))
  space=$([ "$end" = near ] && echo "$near" || echo "$far")
  ip link add "$end" netns "$path" type veth peer name wire netns "$space"
  ip -n "$path" link set "$end" up promisc on
  ip -n "$space" addr add "192.0.2.$number/24" dev wire
  ip -n "$space" link set wire up
  ip netns exec "$space" ethtool -K wire tx off tso off gso off gro off >/dev/null
done
ip netns exec "$path" python3 path.py >path.log 2>&1 &
programs+=($!)
for _ in $(seq 100); do grep -q ready path.log && break; sleep 0.1; done
from() { ip netns exec "$near" timeout 60 "$@"; }
serve() {
  ip netns exec "$far" "$@" >server.log 2>&1 &
  programs+=($!)
}

# lost NAME SENT LOST: prints the share and keeps it in whole percent.
lost() {
  local percent
  percent=$(python3 -c "print(round(100 * $3 / $2))")
  echo "$1: $2 sent, $3 lost"
  echo "$1 $percent" >>results.txt
}

serve iperf3 -s -1 --forceflush
for _ in $(seq 100); do grep -q listening server.log && break; sleep 0.1; done
from iperf3 -c 192.0.2.2 -u -b 4M -l 1000 -t 2 -J >report.json || cannot 'iperf3 fails'
read -r sent missing <<<"$(python3 -c '
import json
end = json.load(open("report.json"))["end"]
print(end["sum_sent"]["packets"], end["sum_received"]["lost_packets"])')"
lost iperf3 "$sent" "$missing"

serve iperf -s -u
for _ in $(seq 100); do grep -q listening server.log && break; sleep 0.1; done
from iperf -c 192.0.2.2 -u -b 4M -l 1000 -t 2 >report.txt || cannot 'iperf fails'
read -r missing sent <<<"$(awk '/Server Report/ { report = 1 } report && match($0, /[0-9]+\/ *[0-9]+ /) { split(substr($0, RSTART, RLENGTH), part, "/"); print part[1], part[2]; exit }' report.txt)"
lost iperf "$sent" "$missing"

ip netns exec "$far" nuttcp -S -1
for _ in $(seq 100); do
  from nuttcp -u -R4m -l1000 -T2 192.0.2.2 >report.txt 2>&1 && break
  sleep 0.2
done
read -r missing sent <<<"$(sed -n 's|.* \([0-9]*\) / *\([0-9]*\) drop/pkt.*|\1 \2|p' report.txt)"
lost nuttcp "$sent" "$missing"

from hping3 -1 -q -i u50000 -c 100 192.0.2.2 >report.txt 2>&1 || true
read -r sent got <<<"$(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) packets received.*/\1 \2/p' report.txt)"
lost hping3 "$sent" $((sent - got))

from nping --icmp --delay 20ms -c 100 -H 192.0.2.2 >report.txt 2>&1 || true
read -r sent missing <<<"$(sed -n 's/.*sent: \([0-9]*\) .*Lost: \([0-9]*\) .*/\1 \2/p' report.txt)"
lost nping "$sent" "$missing"

from ping -q -i 0.02 -c 100 192.0.2.2 >report.txt || true
read -r sent got <<<"$(sed -n 's/^\([0-9]*\) packets transmitted, \([0-9]*\) received.*/\1 \2/p' report.txt)"
lost ping "$sent" $((sent - got))

from fping -q -p 20 -c 100 192.0.2.2 >report.txt 2>&1 || true
read -r sent got <<<"$(sed -n 's|.*= \([0-9]*\)/\([0-9]*\)/.*|\1 \2|p' report.txt)"
lost fping "$sent" $((sent - got))

from mtr -n -i 0.1 -c 100 --report 192.0.2.2 >report.txt || true
read -r share sent <<<"$(awk '$2 == "192.0.2.2" { sub("%", "", $3); print $3, $4 }' report.txt)"
lost mtr "$sent" "$(python3 -c "print(round($share * $sent / 100))")"

expected='iperf3 0
iperf 0
nuttcp 0
hping3 0
nping 0
ping 10
fping 10
mtr 10'
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: five of eight say that nothing is lost where a tenth is'
