#!/usr/bin/env bash
# Linux 6.18: a device whose MTU was below 1280 for a moment has lost its IPv6 addresses and all that was set under net.ipv6.conf.
#
# It is known that IPv6 needs 1280 bytes and is off below. One would expect it to be as before when the MTU is: IPv4 is, down
# to 68 bytes. The static addresses do not come back, though a link-local one does, and the settings of the device are those of
# net.ipv6.conf.default again: router advertisements that were refused (accept_ra 0) are accepted.
#
# Octolink: `mtu` of octo0 below 1280 for a test is no small thing. After it, set what was set by sysctl again; addresses of octo0 in
# the configuration need an mtu of 1280 or more, which is checked.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/mtu.py" <<'PROGRAM'
"""Takes the MTU of a device below 1280 and back, and prints its addresses and settings before and after."""
import json, subprocess, sys

SETTINGS = {'accept_ra': '0', 'autoconf': '0', 'accept_dad': '0', 'dad_transmits': '3'}

def ip(words):
    shown = subprocess.run(['ip', *words.split()], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(shown) if words.startswith('-j') else None

def state(when):
    values = {}
    for name in SETTINGS:
        with open(f'/proc/sys/net/ipv6/conf/wire/{name}') as file:
            values[name] = file.read().strip()
    addresses = sorted(info['local'] for info in ip('-j addr show dev wire')[0]['addr_info'] if info['scope'] == 'global')
    print(f'{when}: {values}, addresses {addresses}')
    return values, addresses

ip('link add wire type veth peer name other')
ip('link set other up')
for name, value in SETTINGS.items():
    with open(f'/proc/sys/net/ipv6/conf/wire/{name}', 'w') as file:
        file.write(value)
ip('link set wire up')
ip('addr add 192.0.2.1/24 dev wire')
ip('addr add 2001:db8::1/64 dev wire nodad')
before = state('MTU 1500')
ip('link set wire mtu 1279')
ip('link set wire mtu 1500')
after = state('MTU 1279, then 1500 again')
if before != (SETTINGS, ['192.0.2.1', '2001:db8::1']):
    sys.exit(3)
is_forgotten = all(after[0][name] != value for name, value in SETTINGS.items())
sys.exit(0 if is_forgotten and after[1] == ['192.0.2.1'] else 2)
PROGRAM

status=0
unshare -n python3 "$work/mtu.py" || status=$?
case $status in
  0) echo 'as stated: the IPv6 address and every setting are gone, the IPv4 address is not' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the settings cannot be made' ;;
esac
