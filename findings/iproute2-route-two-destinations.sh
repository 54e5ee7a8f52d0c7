#!/usr/bin/env bash
# iproute2 6.1.0: in JSON a route into a lightweight tunnel has `dst` twice, and what is left after parsing is the end of the tunnel.
#
# `ip route add 198.51.100.0/24 encap ip id 5 dst 192.0.2.9 dev wire` is shown rightly as text. With -json the addresses of the
# encapsulation stand in the same object as the route's own, under the same names: every usual parser keeps the last `dst`, so that the
# network is gone and the route looks like one to the host 192.0.2.9. A default route of this kind is no default any more.
#
# Octolink: whoever lists routes by JSON, as to see whether the underlay of a link leads into a tunnel, must not take `dst` of a route
# that has `encap` for its destination. Octolink itself asks the kernel by netlink for the route to an address, which has one place for each.
set -euo pipefail

VERSION=6.1.0-3

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  script=$(realpath "$0")
  cd "$work"
  apt-get download -q "iproute2=$VERSION" >download.log 2>&1 || cannot "no iproute2 $VERSION"
  dpkg -x ./*.deb package
  status=0
  unshare -n bash "$script" inside || status=$?
  exit "$status"
fi

ip="$PWD/package/bin/ip"
"$ip" -V || cannot 'libraries are missing'
"$ip" link add wire type veth peer name far
"$ip" link set far up
"$ip" link set wire up
"$ip" address add 192.0.2.1/24 dev wire
"$ip" route add 198.51.100.0/24 encap ip id 5 dst 192.0.2.9 dev wire 2>refused || cannot "lightweight tunnels: $(cat refused)"
"$ip" route add default encap ip id 6 dst 192.0.2.8 dev wire

echo 'text:'
"$ip" route | sed 's/^/  /'
parsed=$("$ip" -json route | python3 -c 'import json, sys; print(*(route["dst"] for route in json.load(sys.stdin)))')
echo "dst of each route in JSON: $parsed"
text=$("$ip" route | cut -d ' ' -f 1 | xargs)
[ "$text" = 'default 192.0.2.0/24 198.51.100.0/24' ] || cannot 'the routes are others'
[ "$parsed" = '192.0.2.8 192.0.2.0/24 192.0.2.9' ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: the end of the tunnel has taken the place of the destination'
