#!/usr/bin/env bash
# mausezahn 0.6.8 and nping 0.7.93: what they send over IPv6 has no valid checksum, and every receiver drops it.
#
# mausezahn(8) has `-6` for "IPv6 mode" and says of the checksum of UDP that it "will be set correctly by default"; nping(1) has `-6`, and
# `--badsum` for those who want a wrong one. One would expect packets that arrive, as with IPv4. mausezahn's UDP over IPv6 has the checksum 0, which
# RFC 8200 (8.1) forbids there, and its TCP and ICMPv6 a wrong one; nping's UDP has 0 as well. The packets are seen by tcpdump at the far
# end, no socket gets them, and nobody answers, as if a firewall or the path had lost them. The same over IPv4 arrives.
#
# Octolink: it carries frames whatever is in them. A test of IPv6 over octo0 with these tools fails at the far host: `nstat -az` there counts
# Udp6InCsumErrors, Icmp6InCsumErrors and TcpInCsumErrors. Send with sockets (ping, iperf3) or scapy.
set -euo pipefail

PACKAGES=(netsniff-ng=0.6.8-3 libcli1.10=1.10.7-1+b1 libnet1=1.1.6+dfsg-3.2 nmap=7.93+dfsg1-1 libblas3=3.11.0-2
  liblinear4=2.3.0+dfsg-5 lua-lpeg=1.0.2-2 liblua5.3-0=5.3.6-2 libpcap0.8=1.10.3-1 libpcre3=2:8.39-15 libgfortran5=12.2.0-14+deb12u1
  libquadmath0=12.2.0-14+deb12u1)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip nstat ping python3; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
near=sums-$$-near
far=sums-$$-far
programs=()
clean_up() {
  for program in "${programs[@]}"; do kill "$program" 2>/dev/null || true; done
  for program in "${programs[@]}"; do wait "$program" 2>/dev/null || true; done
  for space in "$near" "$far"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

cd "$work"
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot 'no such packages'
for package in *.deb; do dpkg -x "$package" package; done
libraries="$work/package/usr/lib/$(uname -m)-linux-gnu"
export LD_LIBRARY_PATH="$libraries:$libraries/blas:$work/package/lib/$(uname -m)-linux-gnu"
export NMAPDIR="$work/package/usr/share/nmap"
mausezahn="$work/package/usr/sbin/mausezahn"
nping="$work/package/usr/bin/nping"
for program in "$mausezahn" "$nping"; do ! ldd "$program" | grep 'not found' || cannot 'libraries are missing'; done
for package in netsniff-ng nmap; do dpkg-deb -W "$package"_*.deb; done

ip netns add "$near"
ip netns add "$far"
ip link add wire netns "$near" type veth peer name wire netns "$far"
number=0
for space in "$near" "$far"; do
  number=$((number + 1))
  ip -n "$space" addr add "192.0.2.$number/24" dev wire
  ip -n "$space" addr add "2001:db8::$number/64" dev wire nodad
  ip -n "$space" link set wire up
done
mac=$(ip -n "$far" -o link show wire | grep -o 'ether [^ ]*' | cut -d' ' -f2)
for address in 192.0.2.2 2001:db8::2; do
  for _ in $(seq 100); do ip netns exec "$near" ping -q -c 1 -W 1 "$address" >ping.log 2>&1 && break; sleep 0.1; done
done

cat >receive.py <<'PROGRAM'
"""Receives datagrams at UDP port 2000 of both families."""
import socket

receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
receiver.bind(('::', 2000))
print('listening', flush=True)
while True:
    receiver.recv(2000)
PROGRAM
ip netns exec "$far" python3 receive.py >receive.log &
programs+=($!)
for _ in $(seq 100); do grep -q listening receive.log && break; sleep 0.1; done

# counted NAME: what the far host has counted under that name.
counted() { ip netns exec "$far" nstat -asz "$1" | awk -v name="$1" '$1 == name { print $2 }'; }

# tried TEXT GOOD BAD COMMAND...: sends by a command and says whether the far host counts what came as good or as damaged.
tried() {
  local good bad verdict='neither'
  good=$(counted "$2")
  bad=$(counted "$3")
  ip netns exec "$near" timeout 10 "${@:4}" >sent.log 2>&1 || true
  for _ in $(seq 30); do
    if [ "$(counted "$2")" -gt "$good" ]; then verdict=accepted; fi
    if [ "$(counted "$3")" -gt "$bad" ]; then verdict='dropped for its checksum'; fi
    [ "$verdict" = neither ] || break
    sleep 0.1
  done
  echo "$1: $verdict" | tee -a results.txt
}
ipv4=("$mausezahn" wire -c 1 -b "$mac" -A 192.0.2.1 -B 192.0.2.2 -p 100)
ipv6=("$mausezahn" -6 wire -c 1 -b "$mac" -A 2001:db8::1 -B 2001:db8::2 -p 100)
tried 'mausezahn, UDP over IPv4' UdpInDatagrams UdpInCsumErrors "${ipv4[@]}" -t udp sp=1000,dp=2000
tried 'mausezahn, UDP over IPv6' Udp6InDatagrams Udp6InCsumErrors "${ipv6[@]}" -t udp sp=1000,dp=2000
tried 'mausezahn, TCP over IPv4' TcpOutRsts TcpInCsumErrors "${ipv4[@]}" -t tcp sp=1000,dp=2000,flags=syn
tried 'mausezahn, TCP over IPv6' TcpOutRsts TcpInCsumErrors "${ipv6[@]}" -t tcp sp=1000,dp=2000,flags=syn
tried 'mausezahn, ICMP' IcmpInEchos IcmpInCsumErrors "${ipv4[@]}" -t icmp ping
tried 'mausezahn, ICMPv6' Icmp6InEchos Icmp6InCsumErrors "${ipv6[@]}" -t icmp6 type=128
tried 'nping, UDP over IPv4' UdpInDatagrams UdpInCsumErrors "$nping" --udp -c 1 -p 2000 --data-length 100 192.0.2.2
tried 'nping, UDP over IPv6' Udp6InDatagrams Udp6InCsumErrors "$nping" -6 --udp -c 1 -p 2000 --data-length 100 2001:db8::2
tried 'nping, TCP over IPv4' TcpOutRsts TcpInCsumErrors "$nping" --tcp -c 1 -p 2000 192.0.2.2
tried 'nping, TCP over IPv6' TcpOutRsts TcpInCsumErrors "$nping" -6 --tcp -c 1 -p 2000 2001:db8::2

bad='dropped for its checksum'
expected="mausezahn, UDP over IPv4: accepted
mausezahn, UDP over IPv6: $bad
mausezahn, TCP over IPv4: accepted
mausezahn, TCP over IPv6: $bad
mausezahn, ICMP: accepted
mausezahn, ICMPv6: $bad
nping, UDP over IPv4: accepted
nping, UDP over IPv6: $bad
nping, TCP over IPv4: accepted
nping, TCP over IPv6: accepted"
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: over IPv6 checksums are missing or wrong'
