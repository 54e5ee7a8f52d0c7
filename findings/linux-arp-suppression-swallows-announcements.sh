#!/usr/bin/env bash
# Linux 6.18: where a bridge or a VXLAN device answers ARP in place of others, announcements and probes for duplicates are swallowed.
#
# `neigh_suppress` of a bridge's port and `proxy` of a VXLAN device have the kernel answer questions for the addresses that it knows,
# so that they need not be flooded. One would expect what it does not answer to go on. A bridge does so with questions for addresses that
# it does not know, but by such a port leave no gratuitous ARP, in either form, no unsolicited neighbour advertisement, no ARP probe and no
# probe of IPv6 for duplicates. A VXLAN device lets the advertisement pass, and keeps questions for unknown addresses back instead: what is
# not entered is found by nobody. No counter of dropped frames moves. bridge(8) says of the one that it is for "neigh discovery (arp and
# nd) proxy and suppression", ip-link(8) of the other that "ARP proxy is turned on". Where BGP tells all hosts of each station that may do.
#
# Octolink: `neigh_suppress` on octo0 in a bridge, or `proxy` on a VXLAN device over it. When an address moves in a failover the hosts
# beyond are not told, and two stations with one address are not noticed. `arp-suppression` of Octolink lets all of these pass.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip bridge python3 unshare mount; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/questions.py" <<'PROGRAM'
"""Sends what stations ask and announce through a bridge to a TAP, or to a VXLAN device over one, and prints what comes out there."""
import fcntl, glob, json, os, select, socket, struct, subprocess, sys, time

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
STATION, KNOWN = bytes.fromhex('020000000001'), '02:00:00:00:00:07'
ALL = b'\xff' * 6
HERE, THERE = '192.0.2.1', '192.0.2.9'
CANNOT = 77


def run(words):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE, text=True).stdout


def tap(name):
    fd = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP_NO_PI))
    return fd


def arp(operation, sender, wanted, hardware=bytes(6)):
    addresses = STATION + socket.inet_aton(sender) + hardware + socket.inet_aton(wanted)
    return ALL + STATION + struct.pack('!HHHBBH', 0x0806, 1, 0x0800, 6, 4, operation) + addresses


def icmpv6(source, target, message):
    source, target = (socket.inet_pton(socket.AF_INET6, address) for address in (source, target))
    data = source + target + struct.pack('!II', len(message), 58) + message
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    message = message[:2] + struct.pack('!H', ~total & 0xFFFF) + message[4:]
    return b'\x33\x33' + target[12:] + STATION + struct.pack('!HIHBB', 0x86DD, 6 << 28, len(message), 58, 255) + source + target + message


def solicitation(source, wanted):
    target = socket.inet_pton(socket.AF_INET6, wanted)
    group = socket.inet_ntop(socket.AF_INET6, bytes.fromhex('ff0200000000000000000001ff') + target[13:])
    return icmpv6(source, group, struct.pack('!BBHI', 135, 0, 0, 0) + target + (b'' if source == '::' else b'\1\1' + STATION))


def advertisement(own):
    # The flag "override", and not "solicited".
    return icmpv6(own, 'ff02::1', struct.pack('!BBHI', 136, 0, 0, 0x20000000) + socket.inet_pton(socket.AF_INET6, own) + b'\2\1' + STATION)


FRAMES = {
    # An empty IPv4 packet to all.
    'a broadcast': ALL + STATION + b'\x08\x00' + bytes.fromhex('450000140000000040fd6fed0a000001ffffffff') + bytes(26),
    'ARP for a known address': arp(1, '10.0.0.1', '10.0.0.7'),
    'ND for a known address': solicitation('2001:db8::1', '2001:db8::7'),
    'ARP for an unknown address': arp(1, '10.0.0.1', '10.0.0.8'),
    'ND for an unknown address': solicitation('2001:db8::1', '2001:db8::8'),
    'ARP announcement, a request': arp(1, '10.0.0.1', '10.0.0.1'),
    'ARP announcement, a reply': arp(2, '10.0.0.1', '10.0.0.1', ALL),
    'ND announcement': advertisement('2001:db8::1'),
    'ARP probe': arp(1, '0.0.0.0', '10.0.0.1'),
    'ND probe': solicitation('::', '2001:db8::1'),
}
NAMES = list(FRAMES)
ALL_PASS = (NAMES, [], [])
SUPPRESSED = ([NAMES[0], *NAMES[3:5]], NAMES[1:3], NAMES[5:])
# A VXLAN device looks at questions of IPv6 only.
PROXIED = ([NAMES[0], NAMES[7]], NAMES[1:3], [*NAMES[3:7], *NAMES[8:]])


def dropped():
    """The sum of all counters of dropped frames and errors in this namespace."""
    total = 0
    for kind in ('dropped', 'errors'):
        for place in glob.glob(f'/sys/class/net/*/statistics/?x_{kind}'):
            with open(place) as counter:
                total += int(counter.read())
    return total


def tried(port, knows, options):
    """What passes, what is answered, and what neither, with these options of the port."""
    run('ip link add lan type bridge mcast_snooping 0')
    run('ip link add cable type veth peer name station')
    reader = tap('out')
    run('ip link set out up')
    if port == 'vxlan0':
        run(f'ip addr add {HERE}/24 dev out')
        run(f'ip neigh add {THERE} lladdr 02:00:00:00:00:09 dev out')
        run(f'ip link add vxlan0 type vxlan id 7 local {HERE} remote {THERE} dstport 4789 {options}')
    for device in ('cable', port):
        run(f'ip link set {device} master lan')
    if port == 'out':
        run(f'ip link set out type bridge_slave {options}')
    for device in ('lan', 'cable', 'station', port):
        run(f'ip link set {device} up')
    # What the kernel has to know for an answer: who has the address, and that this station is behind the port.
    for address in ('10.0.0.7', '2001:db8::7'):
        run(f'ip neigh add {address} lladdr {KNOWN} dev {knows}')
    run(f'bridge fdb add {KNOWN} dev {port} master static')
    if port == 'vxlan0':
        run(f'bridge fdb add {KNOWN} dev vxlan0 dst {THERE}')
    end = time.monotonic() + 10
    while run('ip -d link show master lan').count('state forwarding') < 2 and time.monotonic() < end:
        time.sleep(0.1)

    station = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    station.bind(('station', 0))
    before, found = dropped(), ([], [], [])
    for name, frame in FRAMES.items():
        station.send(frame)
        passes = is_answered = False
        end = time.monotonic() + 1
        while not passes and not is_answered and (left := end - time.monotonic()) > 0:
            for ready in select.select([reader, station], [], [], left)[0]:
                if ready == reader:
                    passes = passes or STATION in os.read(reader, 2000)
                else:
                    answer, address = station.recvfrom(2000)
                    is_answered = is_answered or (address[2] != socket.PACKET_OUTGOING and answer[:6] == STATION)
        found[0 if passes else 1 if is_answered else 2].append(name)
    counted = dropped() - before
    station.close()
    for device in ('lan', 'cable', *(['vxlan0'] if port == 'vxlan0' else [])):
        run(f'ip link del {device}')
    os.close(reader)
    return found, counted


is_as_stated = True
try:
    for what, port, knows, options, expected in (
            ('bridge', 'out', 'lan', 'neigh_suppress off', ALL_PASS), ('bridge, neigh_suppress', 'out', 'lan', 'neigh_suppress on', SUPPRESSED),
            ('VXLAN', 'vxlan0', 'vxlan0', 'noproxy', ALL_PASS), ('VXLAN, proxy', 'vxlan0', 'vxlan0', 'proxy', PROXIED)):
        found, counted = tried(port, knows, options)
        print(what)
        for kind, names in zip(('pass', 'are answered', 'vanish'), found):
            if names:
                print(f"  {kind}: {'; '.join(names)}")
        print(f'  dropped frames and errors counted: {counted}', flush=True)
        is_as_stated = is_as_stated and (found, counted) == (expected, 0)
except subprocess.CalledProcessError:
    sys.exit(CANNOT)
sys.exit(0 if is_as_stated else 2)
PROGRAM

status=0
unshare --net --mount sh -c "mount -t sysfs sysfs /sys && exec python3 $work/questions.py" || status=$?
case $status in
  0) echo 'as stated: announcements and probes vanish, and nothing counts them' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP, bridge or VXLAN that can be used here' ;;
esac
