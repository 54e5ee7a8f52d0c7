#!/bin/bash
# Tries octolink-mesh: hosts in network namespaces, each with sshd and file systems of its own, joined by one wire.
#
#   scripts/cloud/try-mesh.sh [HOSTS]      as root, after `npm run build`
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$(dirname "$here")")
count=${1:-4}
work=$(mktemp -d)
name=mesh-$$
hosts=()
made=()

clean() {
  local space
  for space in "${hosts[@]}" "$name-desk"; do
    ip netns pids "$space" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip netns delete "$space" 2>/dev/null || true
  done
  rm -rf "$work"
  [ ${#made[@]} -eq 0 ] || rmdir --ignore-fail-on-non-empty "${made[@]}"
}
trap clean EXIT
trap 'exit 130' INT TERM

ssh-keygen -q -t ed25519 -N '' -f "$work/login"
ssh-keygen -q -t ed25519 -N '' -f "$work/host"
# Where the hosts' own folders are mounted; and where sshd wants to live.
for folder in /run/sshd /etc/octolink /var/lib/octolink /run/octolink; do
  [ -d "$folder" ] || { mkdir "$folder"; made+=("$folder"); }
done
cat >"$work/sshd_config" <<END
HostKey $work/host
AuthorizedKeysFile $work/login.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
MaxStartups 64
SetEnv PATH=$work/bin:/usr/sbin:/usr/bin:/sbin:/bin
END
mkdir "$work/bin"
for program in octolink octolinkd; do
  printf '#!/bin/sh\nexec "%s" "%s/bin/%s" "$@"\n' "$(command -v node)" "$root" "$program" >"$work/bin/$program"
  chmod +x "$work/bin/$program"
done

ip netns add "$name-desk"
ip -n "$name-desk" link add name wires type bridge
ip -n "$name-desk" address add 192.0.2.254/24 dev wires
ip -n "$name-desk" link set dev wires up
for at in $(seq "$count"); do
  space=$name-$at
  hosts+=("$space")
  ip netns add "$space"
  ip link add name wire netns "$space" type veth peer name "wire$at" netns "$name-desk"
  ip -n "$name-desk" link set dev "wire$at" master wires up
  ip -n "$space" link set dev wire address "$(printf '02:00:00:00:00:%02x' "$at")"
  ip -n "$space" link set dev lo up
  ip -n "$space" address add "192.0.2.$at/24" dev wire
  ip -n "$space" address add "198.51.100.$at/24" dev wire
  ip -n "$space" link set dev wire up
  mkdir -p "$work/$at/etc" "$work/$at/var" "$work/$at/run"
  : >"$work/$at/etc/octolink.conf"
  echo "h$at root@192.0.2.$at 192.0.2.$at,198.51.100.$at 10.77.0.$at/24" >>"$work/hosts.txt"
  ip netns exec "$space" unshare --mount --propagation private sh -ec "
    mount --bind $work/$at/etc /etc/octolink
    mount --bind $work/$at/var /var/lib/octolink
    mount --bind $work/$at/run /run/octolink
    $work/bin/octolinkd 2>$work/$at/log &
    exec /usr/sbin/sshd -D -e -f $work/sshd_config 2>$work/$at/sshd.log" </dev/null &
  disown
done
# The kernel keeps 1024 neighbours for all namespaces together (gc_thresh3), permanent ones not counted: fewer than 32 hosts need.
for at in $(seq "$count"); do
  for other in $(seq "$count"); do
    [ "$other" -ne "$at" ] || continue
    for network in 192.0.2 198.51.100; do
      printf 'neighbor replace %s.%d lladdr 02:00:00:00:00:%02x dev wire nud permanent\n' "$network" "$other" "$other"
    done
  done | ip -n "$name-$at" -batch -
done
until [ "$(ls "$work"/*/run/octolink.sock 2>/dev/null | wc -l)" -eq "$count" ]; do sleep 0.1; done

mesh() {
  local action=$1
  shift
  ip netns exec "$name-desk" "$here/octolink-mesh" "$action" "$work/hosts.txt" -o "IdentityFile=$work/login" \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "$@"
}

# expect STATUS TEXT ACTION [OPTION...]
expect() {
  local status=$1 text=$2 said code=0 start
  shift 2
  start=$(date +%s%N)
  said=$(mesh "$@" 2>&1) || code=$?
  printf '%s\n' "\$ octolink-mesh $*" "$said" "($((($(date +%s%N) - start) / 1000000)) ms)"
  [[ $code -eq $status && $said == *"$text"* ]] || { echo "expected status $status, and: $text" >&2; exit 1; }
}

ping_first_from() {
  ip netns exec "${hosts[$1]}" ping -q -c 3 -i 0.01 -W 5 "$2" >/dev/null
}

expect 0 'no key yet' plan
expect 0 "up: every one of $count hosts" up
expect 0 'nothing to change' up
expect 0 'nothing to change' plan
ping_first_from 1 10.77.0.1
[ "$count" -le 8 ] || exit 0

expect 0 'h1: as wanted; octo0: 3 of 3 peers up' status
sed -i "1s/10\.77\.0\.1/10.77.0.201/" "$work/hosts.txt"
expect 0 'to change: h1' up --dry-run
expect 1 'DIFFERS (+1 -1 lines)' status
expect 0 '+ address 10.77.0.201' plan --diff
expect 0 'changed: h1' up
ping_first_from 1 10.77.0.201

# A host does not answer: the others keep it, and are done.
ssh_of_h1=$(ip netns pids "${hosts[0]}" | xargs ps -o pid=,args= -p | awk '/sshd.*listener/ { print $1 }')
kill -STOP "$ssh_of_h1"
sed -i "2s/10\.77\.0\.2/10.77.0.202/" "$work/hosts.txt"
expect 1 'changed: h2' up -o ConnectTimeout=1
kill -CONT "$ssh_of_h1"
ping_first_from 2 10.77.0.201
expect 0 'nothing to change' up

# One leaves, and comes back.
cp "$work/hosts.txt" "$work/all.txt"
expect 0 'changed: h4' down --only h4
sed -i '$d' "$work/hosts.txt"
expect 0 'changed: h1 h2 h3' up
cp "$work/all.txt" "$work/hosts.txt"
expect 0 'changed: h1 h2 h3 h4' up
expect 0 'changed: h1 h2 h3 h4' down
expect 0 'nothing to change' down
if ping_first_from 1 10.77.0.201 2>/dev/null; then exit 1; fi
echo 'mesh: all is well'
