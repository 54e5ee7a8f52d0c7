#!/usr/bin/env bash
# Linux 6.18: the neighbours of one network namespace leave no room for the first neighbour of another.
#
# Neighbour tables are shown, flushed and tuned for each namespace, so one would expect each to have its own limit. The kernel counts the
# entries of all namespaces together, against net.ipv4.neigh.default.gc_thresh3 (1024 by default) of the first one. In others that
# setting does not even exist. When a namespace has filled the table, another one without a single neighbour is refused its first:
# "No buffer space available", and a datagram that needs it is not sent.
#
# Octolink: a lab of n hosts with two links between every two has 2n(n-1) neighbours, more than 1024 from 24 hosts on; a server of
# many containers has the same trouble. Raise gc_thresh3 on the host, or enter neighbours as permanent ones, which do not count.
#
# While it runs, for about a tenth of a second, the other programs of this machine can learn no new neighbours.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
limit_of=net/ipv4/neigh/default/gc_thresh3
[ -r "/proc/sys/$limit_of" ] || cannot 'run it in the first network namespace'
limit=$(<"/proc/sys/$limit_of")
[ "$limit" -le 8192 ] || cannot "gc_thresh3 is $limit here"
echo "Linux $(uname -r), gc_thresh3 $limit"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
for ((i = 0; i < limit; i++)); do
  echo "neighbor add 10.99.$((i / 250)).$((i % 250 + 1)) lladdr 02:00:00:00:00:01 dev wire nud reachable"
done >"$work/many"

cat >"$work/two.sh" <<'PROGRAM'
wire() { ip link add wire type veth peer name other && ip address add 10.99.255.254/16 dev wire && ip link set wire up; }
entries() { ip -4 neighbor show dev wire nud all | wc -l; }
learn() { ip neighbor add 10.99.254.1 lladdr 02:00:00:00:00:01 dev wire nud reachable 2>&1 && echo learned; }
wire
if [ "$1" = full ]; then
  # Without a dump in between: each holds the table for a moment longer.
  ip -force -batch "$2/many" >/dev/null 2>&1
  unshare -n sh "$2/two.sh" empty
  exit
fi
before=$(entries)
said=$(learn)
echo "the other namespace has $before neighbours; its first one: $said"
ls "/proc/sys/net/ipv4/neigh/default/gc_thresh3" 2>/dev/null && echo 'it has a limit of its own'
exit 0
PROGRAM

said=$(unshare -n -m sh "$work/two.sh" full "$work") || cannot 'the namespaces could not be made'
echo "one namespace adds $limit neighbours"
echo "$said"
alone=$(unshare -n -m sh "$work/two.sh" empty)
echo "when that one is gone, $alone"
if [[ "$said" != *'has 0 neighbours'*'No buffer space available'* || "$said" == *'limit of its own'* || "$alone" != *learned* ]]; then
  echo 'CHANGED: see above'
  exit 1
fi
echo 'as stated: the table of one namespace is that of all'
