#!/bin/sh
# Runs as root in a clean Debian that systemd has booted, with the packages in /trial: the service is installed, joined to
# a host in a namespace of its own, and then reloaded, restarted, killed, held up, upgraded and stopped while a ping every
# 5 ms and a TCP connection go through the tunnel.
set -eu
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
FAR=10.77.0.2
RESTARTS=11

say() { echo "        $*"; }
show() { systemctl show --property="$1" --value octolinkd; }
up() { octolink -w 20 -c 'wait peer far up timeout 20' >/dev/null; }
tap() { ip -json address show dev octo0 | grep -oE '"(ifindex|local|address)":[^,]*' | sort; }

# Milliseconds of the longest time between two answers.
gap() { grep -oE '^\[[0-9.]+\].* bytes' /trial/ping | tr -d '[]' | awk 'p && $1 - p > m { m = $1 - p } { p = $1 } END { printf "%d", m * 1000 }'; }

# during TITLE COMMAND…: does something while the peer is pinged, and once more while a TCP stream goes to it; says how long
# the ping had no answer. The connection, the TAP and the peer must be there after.
during() {
  title=$1
  shift
  before=$(tap)
  ping -D -n -i 0.005 "$FAR" >/trial/ping &
  pinger=$!
  sleep 1
  "$@" >/trial/log 2>&1 || { cat /trial/log; exit 1; }
  up
  kill -INT "$pinger"
  wait "$pinger" || true
  iperf3 -c "$FAR" -t 4 >/trial/iperf 2>&1 &
  stream=$!
  sleep 1
  "$@" >/trial/log 2>&1 || { cat /trial/log; exit 1; }
  up
  wait "$stream" || { cat /trial/iperf; echo "$title: the TCP connection broke"; exit 1; }
  test "$(tap)" = "$before" || { echo "$title: the TAP is another one"; exit 1; }
  say "$title: $(gap) ms between two answers of a ping; TCP went on, in all at $(awk '/sender/ { print $7, $8 }' /trial/iperf)"
}

# Restarts one after another; median, least and most of the longest times without an answer.
restarts() {
  ping -D -n -i 0.005 "$FAR" >/trial/ping &
  pinger=$!
  for _ in $(seq "$RESTARTS"); do
    sleep 1
    systemctl restart octolinkd
    up
  done
  kill -INT "$pinger"
  wait "$pinger" || true
  grep -oE '^\[[0-9.]+\].* bytes' /trial/ping | tr -d '[]' | awk 'p { print int(($1 - p) * 1000) } { p = $1 }' | sort -n |
    tail -n "$RESTARTS" | awk '{ g[NR] = $1 } END { printf "median %d ms, %d to %d ms", g[int((NR + 1) / 2)], g[1], g[NR] }'
}

killed() {
  restarts=$(show NRestarts)
  systemctl kill --signal="$1" --kill-whom=main octolinkd
  until [ "$(show NRestarts)" -gt "$restarts" ] && [ "$(show SubState)" = running ]; do sleep 0.05; done
}

upgraded() {
  old=$(show MainPID)
  dpkg -i /trial/second.deb
  until [ "$(show MainPID)" != "$old" ] && [ ! -e "/proc/$old" ]; do sleep 0.05; done
}

say "$(systemctl --version | head -1), $(uname -r)"
dpkg -i /trial/first.deb >/trial/log 2>&1 || { cat /trial/log; exit 1; }
systemctl is-active --quiet octolinkd
systemctl is-enabled --quiet octolinkd
say "installed and running: $(show StatusText)"

ip netns add far
ip link add name wire type veth peer name wire netns far
ip address add 192.0.2.1/24 dev wire
ip link set dev wire up
ip -n far address add 192.0.2.2/24 dev wire
ip -n far link set dev wire up
ip -n far link set dev lo up
(umask 077; octolink genkey >/root/far.key; octolink genkey >/var/lib/octolink/keys/octo0.key)
chown octolink:octolink /var/lib/octolink/keys/octo0.key
configure() {
  cat <<END
interface octo0
 private-key-file $1
 address 10.77.0.$2/24
 peer $3
  public-key $(octolink pubkey <"$4")
  link 0
   remote 192.0.2.$5
  exit
 exit
 no shutdown
exit
END
}
configure /root/far.key 2 near /var/lib/octolink/keys/octo0.key 1 >/root/far.conf
configure /var/lib/octolink/keys/octo0.key 1 far /root/far.key 2 >/etc/octolink/octolink.conf
systemd-run --quiet --unit=far ip netns exec far octolinkd --config /root/far.conf --socket /run/far.sock --state /root/far
systemctl reload octolinkd
up
systemd-run --quiet --unit=far-iperf ip netns exec far iperf3 -s
until ip netns exec far ss -ltn | grep -q :5201; do sleep 0.1; done
say "configured by a reload: $(show StatusText), $(show NFileDescriptorStore) descriptor kept"
exposure=$(systemd-analyze security octolinkd | tail -1)
say "systemd-analyze security: $exposure"
echo "$exposure" | grep -qE ': ([01]\.[0-9]|2\.0) '

during reload systemctl reload octolinkd
during restart systemctl restart octolinkd
say "$RESTARTS restarts: $(restarts) between two answers of a ping"
during 'killed (SIGKILL)' killed KILL
mkdir -p /run/systemd/system/octolinkd.service.d
printf '[Service]\nWatchdogSec=1\nTimeoutAbortSec=1\n' >/run/systemd/system/octolinkd.service.d/quick.conf
systemctl daemon-reload
systemctl restart octolinkd
up
during 'held up (SIGSTOP, seen by the watchdog)' killed STOP
rm -r /run/systemd/system/octolinkd.service.d
systemctl daemon-reload
systemctl restart octolinkd
up
during 'upgrade of the package' upgraded
say "now $(octolinkd --version)"

systemctl stop octolinkd
octolink -s /run/far.sock show peers | grep -q 'near .*down' || { octolink -s /run/far.sock show peers; journalctl -u far -n 12 -o short-precise; journalctl -u octolinkd -n 5 -o short-precise; exit 1; }
test ! -e /sys/class/net/octo0
systemctl start octolinkd
up
say 'stopped, which the peer was told, and started'

dpkg -P octolink >/trial/log 2>&1 || { cat /trial/log; exit 1; }
systemctl stop far far-iperf || true
systemctl reset-failed far-iperf 2>/dev/null || true
test ! -e /sys/class/net/octo0
test -z "$(systemctl list-unit-files --no-legend 'octolink*')" || { systemctl list-unit-files 'octolink*'; exit 1; }
test -z "$(systemctl --failed --no-legend)" || { systemctl --failed; exit 1; }
say 'purged: no unit, no device, nothing that failed'
