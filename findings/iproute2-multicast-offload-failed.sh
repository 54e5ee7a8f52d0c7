#!/usr/bin/env bash
# iproute2 6.1.0: `ip route get` of any IPv4 multicast address says `rt_offload_failed`, on hosts that offload nothing.
#
# The flag tells that a switch chip refused a route, and operators alarm on it. One would expect it of such routes only. The kernel
# answers a lookup with flags of its cache (RTCF_MULTICAST) in the same word in which listings have those of routes, and 0x20000000
# means "multicast" in the one and "offload failed" (RTM_F_OFFLOAD_FAILED) in the other. `ip` prints the second, in JSON too.
#
# Octolink: to see which way a group takes, `ip route get 239.1.1.1` is the right command; the word in its answer means nothing.
set -euo pipefail

IPROUTE=6.1.0-3
cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cd "$work"
apt-get download -q "iproute2=$IPROUTE" libbpf1=1:1.1.2-0+deb12u1 libelf1=0.188-2.1 libmnl0=1.0.4-3 >download.log 2>&1 || cannot "no iproute2 $IPROUTE"
for package in *.deb; do dpkg -x "$package" package; done
export LD_LIBRARY_PATH="$work/package/usr/lib/$(uname -m)-linux-gnu:$work/package/lib/$(uname -m)-linux-gnu" PATH="$work/package/bin:$work/package/sbin:$PATH"
! ldd package/bin/ip | grep 'not found' || cannot 'libraries are missing'
echo "$(ip -V), Linux $(uname -r)"

status=0
unshare -n python3 - <<'PROGRAM' || status=$?
import json, subprocess, sys

def ip(words):
    return subprocess.run(['ip', *words.split()], check=True, stdout=subprocess.PIPE).stdout

for words in ('link add wire type veth peer name other', 'link set other up', 'link set wire up', 'addr add 192.0.2.1/24 dev wire',
              'route add default via 192.0.2.9'):
    ip(words)
found = {address: json.loads(ip(f'-j route get {address}'))[0]['flags'] for address in ('198.51.100.1', '239.1.1.1', '224.0.0.5')}
for address, flags in found.items():
    print(f'ip route get {address}: flags {flags}')
listed = {flag for route in json.loads(ip('-j -d route show table all')) for flag in route['flags']}
print(f'flags in the listing of all routes: {sorted(listed)}')
is_wrong = all('rt_offload_failed' in found[address] for address in ('239.1.1.1', '224.0.0.5'))
sys.exit(0 if is_wrong and 'rt_offload_failed' not in {*found['198.51.100.1'], *listed} else 2)
PROGRAM
case $status in
  0) echo 'as stated: multicast is said to have failed to offload' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the devices cannot be made' ;;
esac
