#!/bin/sh
# Runs as root in a clean Debian that systemd has booted, with the packages in /trial: how long it takes from a fresh host to
# the first ping through two links. The first host of the network is in a namespace of its own, two cables away, with the
# program unpacked beside the system; this one installs the package and joins, as a reader of docs/install.md does.
set -eu
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
MOST_MS=90000
FAR=/opt/first/usr/lib/octolink/bin

say() { echo "        $*"; }
now() { date +%s%3N; }
seconds() { awk "BEGIN { printf \"%.1f s\", ($2 - $1) / 1000 }"; }
first() { ip netns exec first "$FAR/octolink" -s /run/first.sock "$@"; }

ip netns add first
ip -n first link set dev lo up
for n in 0 1; do
  ip link add name "eth$n" type veth peer name "eth$n" netns first
  ip address add "192.0.$((n + 2)).2/24" dev "eth$n"
  ip -n first address add "192.0.$((n + 2)).1/24" dev "eth$n"
  ip link set dev "eth$n" up
  ip -n first link set dev "eth$n" up
done
dpkg-deb -x /trial/first.deb /opt/first
mkdir -p /root/first
: >/root/first/octolink.conf
systemd-run --quiet --unit=first ip netns exec first "$FAR/octolinkd" --config /root/first/octolink.conf \
  --socket /run/first.sock --state /root/first
first -w 10 -y setup >/trial/log 2>&1
token=$(first invite second valid 1h | grep '^octolink1-')

start=$(now)
apt-get install -y /trial/first.deb >/trial/log 2>&1 || { cat /trial/log; exit 1; }
installed=$(now)
octolink -w 10 -y join "$token" >/trial/log 2>&1 || { cat /trial/log; exit 1; }
joined=$(now)
ping -q -c 1 -W 2 10.77.0.1 >/trial/log || { cat /trial/log; exit 1; }
pinged=$(now)

peer=$(octolink -c 'show peers | json' | grep -oE '"name": *"[^"]*"' | head -1 | cut -d'"' -f4)
for link in 0 1; do octolink -c "wait $peer link $link up timeout 10" >/dev/null; done
say "from a fresh host to the first ping, in 3 commands, both links up: $(seconds "$start" "$pinged")"
say "of these: apt install $(seconds "$start" "$installed"), octolink join $(seconds "$installed" "$joined"), ping $(seconds "$joined" "$pinged")"
test $((pinged - start)) -le "$MOST_MS"
