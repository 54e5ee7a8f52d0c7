#!/usr/bin/env bash
# default-gateway 7.2.2: a default route through a nexthop object is overlooked, and the gateway of the second best is given instead.
#
# The package reads the lines of `ip route`. That of a route through a nexthop object begins with "default nhid 1 via" in place of
# "default via". One would expect the same gateway for the same way. The line is passed over, as are those of a route with several
# ways and of an IPv4 route by way of an IPv6 router: where there is a second default route its gateway and device are returned as if
# they were in use, and where there is none "Unable to determine default gateway".
#
# Octolink: FRR puts its routes in by such objects, so a default route that it learned over octo0 is none to a program that uses this
# package to say its own address or the way out. `ip -j route get` with an address says which way is taken.
set -euo pipefail

VERSION=7.2.2

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip node unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  cd "$work"
  npm install --no-audit --no-fund --ignore-scripts --silent "default-gateway@$VERSION" >npm.log 2>&1 || cannot "no default-gateway $VERSION"
  script=$(cd "$OLDPWD" && realpath "$0")
  status=0
  unshare -n bash "$script" inside || status=$?
  exit "$status"
fi

echo "Node $(node --version), $(ip -V)"
for wire in tunnel lan; do
  ip link add "$wire" type veth peer name "$wire-far"
  ip link set "$wire-far" up
  ip link set "$wire" up
done
ip address add 192.0.2.1/24 dev tunnel
ip address add 198.51.100.1/24 dev lan
ip nexthop add id 1 via 192.0.2.2 dev tunnel || cannot 'this kernel has no nexthop objects'

# asked NAME ROUTE...: the way that the kernel takes and the one that the package names while that default route is there.
asked() {
  ip -4 route add default metric 20 "${@:2}"
  ip -4 route show default | sed 's/^/    /'
  local kernel answer
  kernel=$(ip -4 -o route get 203.0.113.1 | grep -o 'dev [a-z]*')
  answer=$(node -e "
    import('default-gateway').then(({ gateway4sync }) => {
      try { console.log('dev', gateway4sync().int); } catch ({ message }) { console.log(message); }
    });")
  echo "$1: kernel $kernel, default-gateway: $answer" | tee -a said.txt
  ip -4 route del default metric 20
}
asked 'an object alone' nhid 1
ip route add default via 198.51.100.2 dev lan metric 100
asked 'by its address' via 192.0.2.2 dev tunnel
asked 'by an object' nhid 1
asked 'two ways' nexthop via 192.0.2.2 dev tunnel nexthop via 192.0.2.3 dev tunnel
asked 'an IPv6 router' via inet6 fe80::2 dev tunnel

expected='an object alone: kernel dev tunnel, default-gateway: Unable to determine default gateway
by its address: kernel dev tunnel, default-gateway: dev tunnel
by an object: kernel dev tunnel, default-gateway: dev lan
two ways: kernel dev tunnel, default-gateway: dev lan
an IPv6 router: kernel dev tunnel, default-gateway: dev lan'
[[ $(cat said.txt) = "$expected" ]] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: default routes of three common forms are overlooked'
