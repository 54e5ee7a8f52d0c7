#!/usr/bin/env bash
# dhcpcd 9.4.1, ISC dhclient 4.4.3 and udhcpc 1.35: the MTU that a DHCP server names holds for all traffic, for some of it or for none.
#
# Option 26 is "the MTU to use on this interface" (RFC 2132, 5.1). One would expect the device to have it after the lease, and dhclient, as Debian
# sets it up, sees to that, but silently drops what is below 577, where the RFC allows 68 and more. dhcpcd gives it to the IPv4 routes of
# the lease ("applied to DHCP routes" says a comment in its dhcpcd.conf, its manual pages nothing): the device keeps 9000, and so
# do IPv4 multicast, broadcast and all of IPv6. udhcpc does not ask for it (`-O mtu` would), though its script in Debian has a line for it.
#
# Octolink: a DHCP server that is to keep the hosts of a bridged LAN at the MTU of octo0 reaches some of them. What is larger, OSPF and
# mDNS among it, a bridge drops uncounted. Set the MTU on the devices; for IPv6 that of router advertisements counts.
set -euo pipefail

PACKAGES=(dnsmasq-base=2.90-4~deb12u2 libnetfilter-conntrack3=1.0.9-3 libnfnetlink0=1.0.2-2 isc-dhcp-client=4.4.3-P1-2
  busybox=1:1.35.0-4+deb12u1+b1 udhcpc=1:1.35.0-4+deb12u1+b1 dhcpcd-base=9.4.1-24~deb12u5)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip logger python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

# The scripts of the clients change files of the system: namespaces of mounts and processes keep them from those of this machine.
if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  cd "$work"
  apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot 'no such packages'
  for package in *.deb; do dpkg -x "$package" package; done
  script=$(cd "$OLDPWD" && realpath "$0")
  status=0
  unshare -n -m -p -f --kill-child bash "$script" inside || status=$?
  exit "$status"
fi

package="$PWD/package"
export LD_LIBRARY_PATH="$package/usr/lib/$(uname -m)-linux-gnu"
export PATH="$package/bin:$package/sbin:$package/usr/sbin:$PATH"
for program in dnsmasq dhclient busybox dhcpcd; do
  ! ldd "$(command -v "$program")" | grep 'not found' || cannot 'libraries are missing'
done
for name in isc-dhcp-client udhcpc dhcpcd-base; do dpkg-deb -W "$name"_*.deb; done
cp -a /etc etc
cp -a "$package/etc/dhcp" etc/ 2>/dev/null || true
mount --bind etc /etc
mount -t tmpfs run /run
mount -t tmpfs lib /var/lib
mkdir -p /run/netns /run/dhcpcd /var/lib/dhcp /var/lib/dhcpcd

ip link set lo up
ip link add lan mtu 9000 type bridge 2>/dev/null || cannot 'no bridge'
ip link set lan up
ip address add 192.0.2.1/24 dev lan

cat >sizes.py <<'PROGRAM'
"""Prints the largest packets that sockets to hosts and groups of both families may send."""
import socket

IP_MTU, IPV6_MTU = 14, 24


def size(family, level, option, address):
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'wire')
        probe.connect((address, 9))
        return probe.getsockopt(level, option)


for name, address in (('host', '192.0.2.1'), ('group', '224.0.0.251')):
    print(f'IPv4 {name} {size(socket.AF_INET, socket.IPPROTO_IP, IP_MTU, address)}', end=', ')
print('IPv6', size(socket.AF_INET6, socket.IPPROTO_IPV6, IPV6_MTU, '2001:db8::1'))
PROGRAM

printf '#!/bin/sh\n' >hook
chmod +x hook
declare -A client=(
  [udhcpc]="busybox udhcpc -f -t 20 -T 1 -i wire -s $package/etc/udhcpc/default.script"
  [dhclient]="dhclient -4 -d -sf $package/sbin/dhclient-script -cf $package/etc/dhcp/dhclient.conf -lf leases -pf dhclient.pid wire"
  [dhcpcd]="dhcpcd -4 -B -f $package/etc/dhcpcd.conf -c $PWD/hook wire"
)

# tried CLIENT MTU: what the host has after a lease that names this MTU.
tried() {
  ip netns add host
  ip link add port mtu 9000 type veth peer name wire mtu 9000 netns host
  ip link set port master lan up
  ip -n host link set lo up
  ip -n host link set wire up
  ip -n host address add 2001:db8::2/64 dev wire nodad
  dnsmasq --conf-file=/dev/null -p 0 -k --leasefile-ro --user=root --interface=lan --bind-interfaces --dhcp-authoritative \
    --dhcp-range=192.0.2.50,192.0.2.99 --dhcp-option="26,$2" --pid-file=/run/dnsmasq.pid >dnsmasq.log 2>&1 &
  local server=$! program
  : >leases
  # shellcheck disable=SC2086
  ip netns exec host ${client[$1]} >"$1.log" 2>&1 &
  program=$!
  for _ in $(seq 300); do
    ip -n host -4 address show dev wire | grep -q 'inet ' && ip -n host route show default | grep -q via && break
    sleep 0.1
  done
  ip -n host route show default | grep -q via || cannot "$1 gets no lease: $(tail -1 "$1.log")"
  sleep 0.5
  local device
  device=$(ip -n host -o link show dev wire | grep -o 'mtu [0-9]*' | cut -d' ' -f2)
  echo "$1, MTU $2: device $device, $(ip netns exec host python3 sizes.py)" | tee -a results.txt
  kill "$program" "$server"
  wait "$program" "$server" || true
  ip netns del host
  for _ in $(seq 100); do ip link show port >/dev/null 2>&1 || break; sleep 0.1; done
}
for name in udhcpc dhclient dhcpcd; do
  for mtu in 1400 576; do tried "$name" "$mtu"; done
done
expected='udhcpc, MTU 1400: device 9000, IPv4 host 9000, IPv4 group 9000, IPv6 9000
udhcpc, MTU 576: device 9000, IPv4 host 9000, IPv4 group 9000, IPv6 9000
dhclient, MTU 1400: device 1400, IPv4 host 1400, IPv4 group 1400, IPv6 1400
dhclient, MTU 576: device 9000, IPv4 host 9000, IPv4 group 9000, IPv6 9000
dhcpcd, MTU 1400: device 9000, IPv4 host 1400, IPv4 group 9000, IPv6 9000
dhcpcd, MTU 576: device 9000, IPv4 host 576, IPv4 group 9000, IPv6 9000'
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: one client takes no notice, one lowers the device, one its routes of IPv4'
