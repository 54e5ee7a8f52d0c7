#!/usr/bin/env bash
# SoftEther 5.01.9674: of a frame with two VLAN tags the outer one is lost, and a service tag becomes a customer tag.
#
# A local bridge joins a device to a virtual hub, which its README calls "Ethernet-bridging (L2)" and which keeps a VLAN for each address of its
# table. One would expect frames to come out at another device as they went in, as they do behind a bridge of Linux. With one
# customer tag they do. A frame of a provider's network (802.1ad, or two customer tags) leaves with its inner tag alone, and is in another
# VLAN therefore; one whose only tag is a service tag (0x88a8) leaves with 0x8100 in its place. Linux gives a reader of packet sockets the
# outer tag beside the frame, with its kind (packet(7)): it looks as if it were put back only where no other tag follows, and always as 0x8100.
#
# Octolink: a virtual hub with octo0 as the device of its local bridge, or a network that moves from the one to the other. Octolink carries
# all tags as they are; through SoftEther only frames with one customer tag, or none.
set -euo pipefail

VERSION=5.01.9674+git20200806+8181039+dfsg2-2+b2
PACKAGES=("softether-vpnserver=$VERSION" "softether-vpncmd=$VERSION" "softether-common=$VERSION")

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare mount; do command -v "$program" >/dev/null || cannot "$program is missing"; done

# Its configuration, logs and caches go to places that only this namespace of mounts sees, and the server ends with that of processes.
if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  script=$(realpath "$0")
  cd "$work"
  apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no softether-vpnserver $VERSION"
  for package in *.deb; do dpkg -x "$package" package; done
  status=0
  unshare --net --mount --pid --fork --kill-child --mount-proc bash "$script" inside || status=$?
  exit "$status"
fi

for place in /run /var/lib /var/log; do mount -t tmpfs here "$place"; done
mkdir -p /run/softether /run/work /var/lib/softether /var/log/softether
# It leaves caches in /tmp, where this folder may be as well.
mount --bind "$PWD" /run/work
mount -t tmpfs here /tmp
cd /run/work
programs="$PWD/package/usr/libexec/softether"
! ldd "$programs/vpnserver/vpnserver" | grep 'not found' || cannot 'libraries are missing'

ip link set lo up
for pair in hub lan; do
  for end in one two; do
    ip link add "$pair-$end" type veth peer name "$pair-far-$end"
    for device in "$pair-$end" "$pair-far-$end"; do
      echo 1 >"/proc/sys/net/ipv6/conf/$device/disable_ipv6"
      ip link set "$device" up
    done
  done
done
ip link add lan type bridge mcast_snooping 0 2>/dev/null || cannot 'this kernel has no bridge'
ip link set lan up
for end in one two; do ip link set "lan-$end" master lan; done

"$programs/vpnserver/vpnserver" execsvc >server.log 2>&1 &
ask() { "$programs/vpncmd/vpncmd" localhost:5555 /SERVER /CMD "$@" >>asked.log 2>&1; }
for _ in $(seq 40); do
  ! ask ServerInfoGet || break
  sleep 0.5
done
for end in one two; do ask BridgeCreate DEFAULT "/DEVICE:hub-$end" /TAP:no || cannot "no local bridge: $(tail -1 asked.log)"; done
echo "SoftEther $(grep -o 'Version [0-9.]* Build [0-9]*' asked.log | head -1)"

cat >tags.py <<'PROGRAM'
"""Sends frames with tags through a bridge of Linux and through a virtual hub, and prints the tags with which each comes out."""
import socket, struct, sys, time

SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 0x10
TYPE, CUSTOMER, SERVICE = 0x88B5, 0x8100, 0x88A8
FRAMES = {'no tag': [], 'a customer tag': [(CUSTOMER, 5)], 'a service tag': [(SERVICE, 5)], 'two customer tags': [(CUSTOMER, 5), (CUSTOMER, 6)],
          'a service and a customer tag': [(SERVICE, 5), (CUSTOMER, 6)]}
HUB = {'no tag': [], 'a customer tag': [(CUSTOMER, 5)], 'a service tag': [(CUSTOMER, 5)], 'two customer tags': [(CUSTOMER, 6)],
       'a service and a customer tag': [(CUSTOMER, 6)]}


def socket_on(device):
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    found.bind((device, 0))
    found.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return found


def frame(tags, number):
    head = bytes.fromhex('ffffffffffff' '020000000001') + b''.join(struct.pack('!HH', *tag) for tag in tags)
    return head + struct.pack('!HH', TYPE, number) + bytes(60)


def received(listener, seconds):
    """The tags and the number of a frame, with the tag that the kernel gives beside it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        listener.settimeout(max(0.01, end - time.monotonic()))
        try:
            data, facts, _, address = listener.recvmsg(4096, 256)
        except TimeoutError:
            break
        if address[2] == socket.PACKET_OUTGOING or data[6:12] != bytes.fromhex('020000000001'):
            continue
        tags, rest = [], data[12:]
        for _, _, fact in facts:
            status, _, _, _, _, vlan, kind = struct.unpack('=IIIHHHH', fact)
            if status & VLAN_VALID:
                tags.append((kind, vlan))
        while struct.unpack('!H', rest[:2])[0] in (CUSTOMER, SERVICE):
            tags.append(struct.unpack('!HH', rest[:4]))
            rest = rest[4:]
        return tags, struct.unpack('!H', rest[2:4])[0]
    return None


def named(tags):
    return ' and '.join(f'0x{kind:04x} with {vlan}' for kind, vlan in tags) or 'none'


is_as_stated = True
for name, pair, expected in (('Linux', 'lan', FRAMES), ('SoftEther', 'hub', HUB)):
    sender, listener = socket_on(f'{pair}-far-one'), socket_on(f'{pair}-far-two')
    for _ in range(40):
        sender.send(frame([], 0))
        if received(listener, 0.5):
            break
    else:
        sys.exit('nothing is forwarded')
    for number, (what, tags) in enumerate(FRAMES.items(), 1):
        sender.send(frame(tags, number))
        found = None
        while found is None or found[1] != number:
            found = received(listener, 10)
            if found is None:
                sys.exit(f'{what} does not come out')
        print(f'{name}, {what}: {named(tags)} goes in, {named(found[0])} comes out', flush=True)
        is_as_stated = is_as_stated and found[0] == expected[what]
sys.exit(0 if is_as_stated else 2)
PROGRAM
status=0
python3 tags.py || status=$?
case $status in
  0) echo 'as stated: of two tags the inner one is left, and a service tag is a customer tag' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the hub or the bridge does not forward' ;;
esac
