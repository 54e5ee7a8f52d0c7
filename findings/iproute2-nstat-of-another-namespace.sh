#!/usr/bin/env bash
# iproute2 6.1.0: what nstat says of one network namespace is lessened by what another one had counted.
#
# `nstat` prints what was counted since its last use, for which it keeps the last figures in a file of the user. One would expect it
# to know which counters they were. It takes the file for those of the namespace that it runs in: where 30 datagrams were sent it prints
# nothing after it ran where 100 had been, where 130 were sent it prints 100, and none of it has a mark. `nstat -a` and a file for
# each namespace in NSTAT_HISTORY give the right figures. Its manual page does not speak of namespaces.
#
# Octolink: an interface may have its underlay in one namespace and its TAP in another, and UDP that the kernel drops for lack of room
# (UdpRcvbufErrors) is looked up by nstat. Run in one namespace after the other it tells too few of them, or none.
set -euo pipefail

PACKAGES=(iproute2=6.1.0-3 libbsd0=0.11.7-2 libmd0=1.0.4-2 libmnl0=1.0.4-3)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

cannot() { echo "cannot be tried here: $1"; exit 77; }

cd "$work"
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no ${PACKAGES[0]}"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu:$work/package/lib/$(uname -m)-linux-gnu"
nstat="$work/package/usr/bin/nstat"
! ldd "$nstat" | grep 'not found' || cannot 'libraries are missing'
"$nstat" -V

cat >datagrams.py <<'PROGRAM'
"""Sends that many datagrams to itself."""
import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
    own.bind(('127.0.0.1', 0))
    for _ in range(int(sys.argv[1])):
        own.sendto(b'one', own.getsockname())
        own.recv(10)
PROGRAM

# told COUNT OPTION...: what nstat says was sent in a new namespace in which so many datagrams were.
told() {
  local answer
  answer=$(unshare --net bash -c 'ip link set lo up; python3 datagrams.py "$1"; shift; "$@" UdpOutDatagrams' - "$1" "$nstat" "${@:2}" |
    grep UdpOutDatagrams || true)
  [ -n "$answer" ] && awk '{ print $2 }' <<<"$answer" || echo nothing
}
export NSTAT_HISTORY="$work/history"
echo "a namespace with 100 datagrams: $(told 100)" | tee said.txt
echo "another with 30: $(told 30)" | tee -a said.txt
echo "a third with 130: $(told 130)" | tee -a said.txt
echo "a fourth with 40, all that was counted: $(told 40 -a)" | tee -a said.txt
NSTAT_HISTORY="$work/own"
echo "a fifth with 50 and a file of its own: $(told 50)" | tee -a said.txt

expected='a namespace with 100 datagrams: 100
another with 30: nothing
a third with 130: 100
a fourth with 40, all that was counted: 40
a fifth with 50 and a file of its own: 50'
if [ "$(cat said.txt)" != "$expected" ]; then
  echo 'CHANGED: see above'
  exit 1
fi
echo 'as stated: the figures of another namespace are taken away'
