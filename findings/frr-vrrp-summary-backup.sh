#!/usr/bin/env bash
# FRR 8.4.4: `show vrrp summary` calls a virtual router a backup that takes no part at all.
#
# vrrpd needs a MACVLAN device with the virtual MAC address for each virtual router; without it the state stays Initialize, no
# advertisement is sent and none is heard. `show vrrp` says so, with `json` as well, but the table of `show vrrp summary`
# knows two words only: what is no master is a backup, even in a family without any address.
#
# Octolink: VRRP over octo0 between two hosts. Who looks at the table of the one host sees "Backup", as it should be, and finds out
# when the other host dies that nobody takes over. Look at `show vrrp`, or at the JSON.
set -euo pipefail

FRR=8.4.4-1.1~deb12u2
PACKAGES=("frr=$FRR" libyang2=2.1.30-2)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

# A namespace of mounts keeps the group that FRR insists on from the files of this machine.
if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  cd "$work"
  apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no frr $FRR"
  for package in *.deb; do dpkg -x "$package" package; done
  script=$(cd "$OLDPWD" && realpath "$0")
  status=0
  unshare -n -m -p -f --kill-child bash "$script" inside || status=$?
  exit "$status"
fi

root="$PWD/package/usr"
export LD_LIBRARY_PATH="$root/lib/$(uname -m)-linux-gnu:$root/lib/$(uname -m)-linux-gnu/frr"
! ldd "$root/lib/frr/vrrpd" | grep 'not found' || cannot 'libraries are missing'
"$root/lib/frr/vrrpd" --version | head -1

{ cat /etc/group; echo 'frrvty:x:64000:root'; } >group
mount --bind group /etc/group
for place in /run /var/tmp; do mount -t tmpfs here "$place"; done
mkdir -p /run/frr settings sockets
echo 'username root nopassword' >settings/vtysh.conf
touch settings/frr.conf

ip link add wire type veth peer name far
ip link set far up
ip link set wire up
ip address add 192.0.2.1/24 dev wire
cat >vrrp.conf <<CONFIGURATION
interface wire
 vrrp 5
 vrrp 5 ip 192.0.2.100
CONFIGURATION
for daemon in zebra vrrpd; do
  "$root/lib/frr/$daemon" -d -u root -g root --vty_socket "$PWD/sockets" -i "$PWD/$daemon.pid" -z "$PWD/zserv" \
    -f /dev/null -A 127.0.0.1 -P 0 --log "file:$PWD/$daemon.log" 2>"$daemon.err" || cannot "$daemon: $(tail -1 "$daemon.err")"
done
vtysh() { "$root/bin/vtysh" --config_dir "$PWD/settings" --vty_socket "$PWD/sockets" "$@"; }
vtysh -f vrrp.conf >vtysh.log 2>&1 || cannot "$(tail -1 vtysh.log)"
for _ in $(seq 50); do
  vtysh -c 'show vrrp' >detail.txt
  ! grep -q 'Virtual Router ID' detail.txt || break
  sleep 0.2
done

table=$(vtysh -c 'show vrrp summary' | awk '$1 == "wire" { print $6, $7 }')
detail=$(awk '/^ *Status \(v[46]\)/ { print $NF }' detail.txt | xargs)
json=$(vtysh -c 'show vrrp json' | python3 -c '
import json, sys
print(*(router[family]["status"] for router in json.load(sys.stdin) for family in ("v4", "v6")))')
echo "table of the summary: $table"
echo "show vrrp:            $detail"
echo "show vrrp json:       $json"
[ -n "$table" ] || cannot 'vrrpd has no virtual router'
[ "$table/$json/$detail" = 'Backup Backup/Initialize Initialize/Initialize Initialize' ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: in the table Initialize is a backup'
