#!/usr/bin/env bash
# Linux 6.18: an MTU that is lowered for a moment stays low on the MACVLAN and MACVTAP devices above, while VXLAN takes no notice of it.
#
# Three kinds of devices above another treat its MTU in three ways. A bridge takes the lowest of its ports, and a higher one when they have
# a higher one again. One would expect that of the others. MACVLAN and MACVTAP go down with the device below, also with a
# bridge that does so, and do not come up with it: until somebody sets their MTU, they keep the lowest that there ever was.
# VXLAN keeps the one that it was made with, 50 bytes below that of the device at that time, and is then above what fits. None says so.
#
# Octolink: a change of `mtu` in the configuration counts at once. After a raise set the MTU of MACVLAN and MACVTAP devices on octo0
# by hand, also inside containers; after any change set that of VXLAN devices.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

if [ "${1:-}" != inside ]; then
  status=0
  unshare --net bash "$0" inside || status=$?
  exit "$status"
fi

echo "Linux $(uname -r), $(ip -V)"
for device in under port; do ip tuntap add "$device" mode tap; done
ip link add bridge type bridge 2>/dev/null || cannot 'no bridge'
ip link set port master bridge
ip link add macvlan link under type macvlan 2>/dev/null || cannot 'no MACVLAN'
ip link add macvtap link under type macvtap 2>/dev/null || cannot 'no MACVTAP'
ip link add above link bridge type macvlan
ip link add vxlan type vxlan id 7 remote 192.0.2.2 dev under dstport 4789 2>/dev/null || cannot 'no VXLAN'

# mtu DEVICE: its MTU.
mtu() { ip -o link show dev "$1" | grep -o 'mtu [0-9]*' | cut -d' ' -f2; }

said=
for size in 1500 1400 1500 9000; do
  ip link set under mtu "$size"
  ip link set port mtu "$size"
  line="below $size: MACVLAN $(mtu macvlan), MACVTAP $(mtu macvtap), bridge $(mtu bridge), MACVLAN on the bridge $(mtu above), VXLAN $(mtu vxlan)"
  echo "$line"
  said+="$line"$'\n'
done
ip link set macvlan mtu 9000
line="MACVLAN, when it is set to 9000: $(mtu macvlan)"
echo "$line"
said+="$line"

expected='below 1500: MACVLAN 1500, MACVTAP 1500, bridge 1500, MACVLAN on the bridge 1500, VXLAN 1450
below 1400: MACVLAN 1400, MACVTAP 1400, bridge 1400, MACVLAN on the bridge 1400, VXLAN 1450
below 1500: MACVLAN 1400, MACVTAP 1400, bridge 1500, MACVLAN on the bridge 1400, VXLAN 1450
below 9000: MACVLAN 1400, MACVTAP 1400, bridge 9000, MACVLAN on the bridge 1400, VXLAN 1450
MACVLAN, when it is set to 9000: 9000'
[ "$said" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: MACVLAN and MACVTAP keep the lowest MTU, VXLAN its first one'
