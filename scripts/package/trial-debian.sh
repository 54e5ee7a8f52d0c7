#!/bin/sh
# Runs as root inside a clean Debian of its own mount, process and network namespaces, with the packages in /trial:
# installs one, joins two hosts with it, upgrades while they run, removes, purges, and looks for what is left.
set -eu
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

say() { echo "        $*"; }

# Files, users and groups; what dpkg and its logs keep of any package aside.
inventory() {
  find / -xdev \( -path /trial -o -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/lib/dpkg \
    -o -path /var/log -o -path /var/cache -o -path '/etc/*-' \) -prune -o -printf '%y %m %u %p\n' | sort
  cut -d: -f1 /etc/passwd /etc/group
}

daemon() {
  ip netns exec "$1" setpriv --reuid octolink --regid octolink --init-groups \
    --inh-caps -all,+net_admin --ambient-caps -all,+net_admin --bounding-set -all,+net_admin \
    octolinkd --config "/etc/octolink/$1.conf" --socket "/run/octolink/$1.sock" --state "/var/lib/octolink/$1" \
    --log warn &
}

join_up() {
  for host in a b; do daemon "$host"; done
  octolink -s /run/octolink/a.sock -w 20 -c 'wait peer b up timeout 20' -c 'ping peer b count 3' >/trial/ping
  grep -q ', 0 % lost' /trial/ping || { cat /trial/ping; exit 1; }
}

part() {
  kill $(pidof node)
  wait
}

inventory >/trial/before

dpkg -i /trial/first.deb >/trial/log 2>&1 || { cat /trial/log; exit 1; }
say "installed: $(octolinkd --version)"
octolinkd --check >/dev/null
test "$(stat -c '%U %a' /var/lib/octolink/keys)" = 'octolink 700'
test -L /etc/systemd/system/multi-user.target.wants/octolinkd.service

ip netns add a
ip netns add b
ip link add name wire netns a type veth peer name wire netns b
ip -n a address add 192.0.2.1/24 dev wire
ip -n b address add 192.0.2.2/24 dev wire
for host in a b; do
  ip -n "$host" link set dev lo up
  ip -n "$host" link set dev wire up
  install -d -o octolink -g octolink -m 0700 "/var/lib/octolink/$host"
  (umask 077; octolink genkey >"/var/lib/octolink/$host/octo0.key")
  chown octolink:octolink "/var/lib/octolink/$host/octo0.key"
done
install -d -o octolink -g octolink /run/octolink
configure() {
  cat >"/etc/octolink/$1.conf" <<END
interface octo0
 private-key-file /var/lib/octolink/$1/octo0.key
 peer $2
  public-key $(octolink pubkey <"/var/lib/octolink/$2/octo0.key")
  link 0
   remote 192.0.2.$3
  exit
 exit
 no shutdown
exit
END
}
configure a b 2
configure b a 1
join_up
say "joined two hosts: $(grep lost /trial/ping)"

dpkg -i /trial/second.deb >/trial/log 2>&1 || { cat /trial/log; exit 1; }
octolink -s /run/octolink/a.sock -c 'ping peer b count 3' >/trial/ping
part
join_up
say "upgraded while it ran: $(octolink --version)"
part

dpkg -r octolink >/trial/log 2>&1 || { cat /trial/log; exit 1; }
test ! -e /usr/lib/octolink
test -e /etc/octolink/a.conf
test -e /var/lib/octolink/a/octo0.key
say 'removed: configuration and keys stay'

dpkg -P octolink >/trial/log 2>&1 || { cat /trial/log; exit 1; }
ip netns delete a
ip netns delete b
rmdir /run/netns 2>/dev/null || true
inventory >/trial/after
diff /trial/before /trial/after || { echo 'the purge left something'; exit 1; }
say 'purged: nothing is left'
