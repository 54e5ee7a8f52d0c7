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
until [ "$(ls "$work"/*/run/octolink.sock 2>/dev/null | wc -l)" -eq "$count" ]; do sleep 0.1; done

mesh() {
  ip netns exec "$name-desk" "$here/octolink-mesh" "$1" "$work/hosts.txt" -o "IdentityFile=$work/login" \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
}

expect() {
  local said
  said=$(mesh "$1")
  echo "$said"
  [[ $said == *"$2"* ]] || { echo "expected: $2" >&2; exit 1; }
}

expect plan 'they have no key yet'
start=$(date +%s%N)
expect up "up: every one of $count hosts"
echo "in $((($(date +%s%N) - start) / 1000000)) ms"
expect up 'nothing to change'
expect plan 'nothing to change'
sed -i "1s/10\.77\.0\.1/10.77.0.201/" "$work/hosts.txt"
expect plan 'to change: h1'
expect up 'changed: h1'
ip netns exec "${hosts[1]}" ping -q -c 3 -i 0.01 -W 5 10.77.0.201 >/dev/null
echo 'mesh: all is well'
