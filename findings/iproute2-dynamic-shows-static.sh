#!/usr/bin/env bash
# iproute2 6.1.0: `bridge fdb show dynamic` lists static entries too.
#
# The manual page calls "static" and "dynamic" two kinds of entries that exclude each other: a dynamic one is "reachable age-able". `bridge fdb
# flush` takes them so: `dynamic` deletes only what is neither static nor permanent. One would expect `show dynamic` to list what `flush dynamic`
# deletes. It leaves out permanent entries only; what somebody has entered by hand as static, and does not age, is listed as if it were learned.
# With JSON it is the same. `static` and `permanent`, which `flush` knows, are ignored by `show` without an error: all entries are listed.
#
# Octolink: who counts what a bridge has learned behind octo0, or looks for a station that has moved, counts entries made by hand as well.
# Look for `"state"` in the JSON: a learned entry has an empty one. `octolink show mac-table` names static entries as such.
set -euo pipefail

VERSION=6.1.0-3
PACKAGES=("iproute2=$VERSION" libbpf1=1:1.1.2-0+deb12u1 libelf1=0.188-2.1 libmnl0=1.0.4-3)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  cd "$work"
  apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no iproute2 $VERSION"
  for package in *.deb; do dpkg -x "$package" package; done
  script=$(cd "$OLDPWD" && realpath "$0")
  status=0
  unshare --net bash "$script" inside || status=$?
  exit "$status"
fi

export LD_LIBRARY_PATH="$PWD/package/usr/lib/$(uname -m)-linux-gnu:$PWD/package/lib/$(uname -m)-linux-gnu"
export PATH="$PWD/package/sbin:$PWD/package/bin:$PATH"
! ldd package/sbin/bridge | grep 'not found' || cannot 'libraries are missing'
echo "Linux $(uname -r), $(bridge -V)"

ip link add lan type bridge 2>/dev/null || cannot 'no bridge'
ip link add port type veth peer name station
for device in lan port station; do
  sysctl -qw "net.ipv6.conf.$device.disable_ipv6=1"
  ip link set "$device" up
done
ip link set port master lan

# Entries of the three kinds, and a station that is learned from a frame.
bridge fdb add 02:00:00:00:00:01 dev port master static
bridge fdb add 02:00:00:00:00:02 dev port master permanent
python3 - <<'PROGRAM'
import socket

with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as station:
    station.bind(('station', 0))
    station.send(b'\xff' * 6 + bytes.fromhex('020000000003') + b'\x88\xb5' + bytes(46))
PROGRAM

# shown WORD...: the entries of the test that are listed, by their last byte.
shown() { bridge fdb show br lan "$@" | sed -n 's/^02:00:00:00:00:\(0[1-3]\) .*/\1/p' | sort | xargs; }
for words in dynamic static permanent 'state static'; do
  # shellcheck disable=SC2086
  echo "show $words: $(shown $words)" | tee -a results.txt
done
echo "show dynamic, in JSON: $(bridge -j fdb show br lan dynamic |
  python3 -c 'import json, sys; print(*sorted(entry["mac"][-2:] + " " + (entry["state"] or "learned") for entry in json.load(sys.stdin) if entry["mac"].startswith("02:00:00:00:00:0")), sep=", ")')" |
  tee -a results.txt
bridge fdb flush dev lan dynamic
echo "after flush dynamic: $(shown)" | tee -a results.txt

expected='show dynamic: 01 03
show static: 01 02 03
show permanent: 01 02 03
show state static: 01
show dynamic, in JSON: 01 static, 03 learned
after flush dynamic: 01 02'
[ "$(cat results.txt)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: what show calls dynamic is more than what flush does'
