#!/usr/bin/env bash
# Linux 6.18: on a device with `arp off` unicast leaves for the device's own MAC address, and IPv6 as well.
#
# `ip link set DEV arp off` is to spare the questions of ARP where all neighbours are entered by hand; ip-link(8) says "change the NOARP
# flag on the device", netdevice(7) of that flag "L2 destination address not set". One would expect a neighbour that is not entered to be
# unreachable, as one that does not answer is. Instead each neighbour has at once the MAC address of the device itself: a send succeeds, the
# frame leaves with the same address as destination and source, and the first bridge drops it without counting it. The setting holds for
# neighbour discovery of IPv6 too, although that is no ARP. `ip neigh` calls such entries NOARP. Those entered by hand are used.
#
# Octolink: `arp off` on octo0, or on a VXLAN device over it, to save broadcasts. What is not entered vanishes without an error, also all
# of IPv6. `arp-suppression` of Octolink spares the questions and lets those pass that nobody can answer.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip python3 unshare mount; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/neighbours.py" <<'PROGRAM'
"""Two hosts at a bridge: the first sends to the second, with ARP, without, and without but with the second entered by hand."""
import json, select, socket, subprocess, sys, time

OWN, OTHER = '02:00:00:00:00:01', '02:00:00:00:00:02'
ADDRESSES = {'IPv4': ('10.0.0.1/24', '10.0.0.2/24'), 'IPv6': ('2001:db8::1/64', '2001:db8::2/64')}
PORT, CANNOT = 9000, 77
SENDER = '''
import socket, sys
family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
socket.socket(family, socket.SOCK_DGRAM).sendto(b'a datagram', (sys.argv[1], int(sys.argv[2])))
'''


def run(words, *more):
    return subprocess.run([*words.split(), *more], check=True, stdout=subprocess.PIPE, text=True).stdout


def sent(address):
    return subprocess.run(['ip', 'netns', 'exec', 'first', 'python3', '-c', SENDER, address, str(PORT)], stderr=subprocess.DEVNULL).returncode == 0


def dropped():
    total = 0
    for place in ('', '-n first', '-n second'):
        for device in json.loads(run(f'ip {place} -s -j link show')):
            total += sum(device['stats64'][way][kind] for way in ('rx', 'tx') for kind in ('dropped', 'errors'))
    return total


def hardware(frame):
    return ':'.join(f'{octet:02x}' for octet in frame[:6])


def tried(setting, is_entered):
    """For each family: whether the send succeeded, the MAC address to which it went, and whether it arrived."""
    run('ip link add lan type bridge mcast_snooping 0')
    run('ip link set lan up')
    for number, host in enumerate(('first', 'second')):
        run(f'ip netns add {host}')
        run(f'ip link add port{number} type veth peer name wire netns {host}')
        run(f'ip link set port{number} master lan up')
        run(f'ip -n {host} link set wire address {(OWN, OTHER)[number]} up')
        for addresses in ADDRESSES.values():
            run(f'ip -n {host} address add {addresses[number]} dev wire' + (' nodad' if ':' in addresses[number] else ''))
    run(f'ip -n first link set wire arp {setting}')
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    tap.bind(('port0', 0))
    end = time.monotonic() + 10
    while run('ip -d link show master lan').count('state forwarding') < 2 and time.monotonic() < end:
        time.sleep(0.1)
    results, before = {}, dropped()
    for family, (_, other) in ADDRESSES.items():
        address = other.split('/')[0]
        if is_entered:
            run(f'ip -n first neigh replace {address} lladdr {OTHER} dev wire nud permanent')
        receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        receiver.bind(('port1', 0))
        is_sent, destination, has_arrived = sent(address), None, False
        while ready := select.select([tap, receiver], [], [], 1)[0]:
            for source in ready:
                frame, place = source.recvfrom(2000)
                if frame.endswith(b'a datagram'):
                    if source == tap and place[2] != socket.PACKET_OUTGOING:
                        destination = hardware(frame)
                    elif source == receiver and place[2] == socket.PACKET_OUTGOING:
                        has_arrived = True
        receiver.close()
        entries = run('ip -n first neigh show dev wire nud all', address).split()
        results[family] = (is_sent, destination, has_arrived, entries[-1])
    counted = dropped() - before
    tap.close()
    run('ip link del lan')
    for number, host in enumerate(('first', 'second')):
        run(f'ip link del port{number}')
        run(f'ip netns del {host}')
    return results, counted


is_as_stated = True
EXPECTED = {('on', False): (True, OTHER, True), ('off', False): (True, OWN, False), ('off', True): (True, OTHER, True)}
try:
    for (setting, is_entered), expected in EXPECTED.items():
        results, counted = tried(setting, is_entered)
        print(f"arp {setting}{', neighbour entered by hand' if is_entered else ''}:")
        for family, (is_sent, destination, has_arrived, state) in results.items():
            whom = f"{destination}{' (the sender itself)' if destination == OWN else ''}"
            print(f"  {family}: the send {'succeeds' if is_sent else 'fails'}, the frame goes to {whom}"
                  f" and {'passes' if has_arrived else 'does not pass'} the bridge; entry {state}")
            is_as_stated = is_as_stated and (is_sent, destination, has_arrived) == expected
        print(f'  dropped frames and errors counted: {counted}', flush=True)
        is_as_stated = is_as_stated and counted == 0
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
sys.exit(0 if is_as_stated else 2)
PROGRAM

status=0
unshare --net --mount sh -c "mount -t sysfs sysfs /sys && mount -t tmpfs run /run && exec python3 $work/neighbours.py" || status=$?
case $status in
  0) echo 'as stated: without ARP all unicast goes to the sender itself, and nothing counts it' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no bridge or veth that can be used here' ;;
esac
