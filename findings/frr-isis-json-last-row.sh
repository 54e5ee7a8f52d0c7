#!/usr/bin/env bash
# FRR 8.4.4: the JSON of isisd has the last neighbour of an interface only, the last LSP of the database only, and 0 active neighbours.
#
# Three routers on one LAN: `show isis neighbor` prints two rows for the first of them and `show isis database` several LSPs. One
# would expect the same with `json`, as ospfd of the same version has it. Each row is written over the one before, and nothing says
# so; the LSPs are even counted rightly beside the one that is left. `show isis interface detail json` has "active-neighbors": 0
# where the text says 2.
#
# Octolink: octo0 is a LAN of many routers. Whoever watches IS-IS over it by JSON sees one of them, and an alarm for a lost neighbour
# stays silent or names the wrong one: read the text, or BFD.
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
! ldd "$root/lib/frr/isisd" | grep 'not found' || cannot 'libraries are missing'
"$root/lib/frr/isisd" --version | head -1

{ cat /etc/group; echo 'frrvty:x:64000:root'; } >group
mount --bind group /etc/group
for place in /run /var/tmp; do mount -t tmpfs here "$place"; done
mkdir -p /run/frr /run/netns settings
echo 'username root nopassword' >settings/vtysh.conf
touch settings/frr.conf

ip link add lan type bridge mcast_snooping 0 2>/dev/null || cannot 'this kernel has no bridge'
ip link set lan up
for n in 1 2 3; do
  ip netns add "r$n"
  ip link add "port$n" type veth peer name wire netns "r$n"
  ip link set "port$n" master lan up
  ip -n "r$n" addr add "192.0.2.$n/24" dev wire
  ip -n "r$n" link set wire up
  mkdir "$n"
  cat >"$n/isis.conf" <<CONFIGURATION
hostname r$n
interface wire
 ip router isis LAB
 isis hello-interval 1
router isis LAB
 net 49.0001.0000.0000.000$n.00
 is-type level-2-only
CONFIGURATION
  for daemon in zebra isisd; do
    ip netns exec "r$n" "$root/lib/frr/$daemon" -d -u root -g root --vty_socket "$PWD/$n" -i "$PWD/$n/$daemon.pid" -z "$PWD/$n/zserv" \
      -f /dev/null -A 127.0.0.1 -P 0 --log "file:$PWD/$n/$daemon.log" 2>"$n/$daemon.err" || cannot "$daemon: $(tail -1 "$n/$daemon.err")"
  done
  "$root/bin/vtysh" --config_dir "$PWD/settings" --vty_socket "$PWD/$n" -f "$n/isis.conf" >"$n/vtysh.log" 2>&1 || cannot "$(tail -1 "$n/vtysh.log")"
done
show() { "$root/bin/vtysh" --config_dir "$PWD/settings" --vty_socket "$PWD/1" -c "show isis $1"; }

for _ in $(seq 200); do
  [ "$(show neighbor | grep -c ' Up ')" = 2 ] && [ "$(show database | grep -c 0x)" -ge 3 ] && break
  sleep 0.2
done
show neighbor >neighbors.txt
show 'neighbor json' >neighbors.json
show database >database.txt
show 'database json' >database.json
show 'interface detail' >interface.txt
show 'interface detail json' >interface.json

status=0
python3 - <<'PROGRAM' || status=$?
import json, re, sys

def text(name):
    with open(f'{name}.txt') as file:
        return file.read()

def values(name, key):
    """All values of a key, wherever it stands in a file of JSON; also where a key is there twice."""
    found = []
    with open(f'{name}.json') as file:
        json.load(file, object_pairs_hook=lambda pairs: found.extend(value for name, value in pairs if name == key) or dict(pairs))
    return found

rows = len(re.findall(' Up ', text('neighbors')))
print(f"neighbours: {rows} in the text, {len(values('neighbors', 'adj'))} in JSON")
lsps = len(re.findall('0x[0-9a-f]{8} ', text('database')))
print(f"LSPs: {lsps} in the text, {len(values('database', 'seq-number'))} in JSON, beside \"count\": {values('database', 'count')}")
active = int(re.search(r'Active neighbors: (\d+)', text('interface'))[1])
print(f"active neighbours of the interface: {active} in the text, {values('interface', 'active-neighbors')} in JSON")
if rows != 2 or lsps < 3:
    sys.exit(77)
is_short = len(values('neighbors', 'adj')) == 1 and len(values('database', 'seq-number')) == 1
sys.exit(0 if is_short and active == 2 and values('interface', 'active-neighbors') == [0] else 2)
PROGRAM
case $status in
  0) echo 'as stated: in JSON one of several is left' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the routers do not find each other' ;;
esac
