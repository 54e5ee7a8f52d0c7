#!/usr/bin/env bash
# iptables 1.8.9: rules that ebtables-translate makes match other frames: EF becomes CS7, and a rule for IPv4 holds for IPv6 too.
#
# It is a "translation tool to migrate from ebtables to nftables", and one would expect each rule to take the same frames before and after.
# The type of service, eight bits of which DSCP is the upper six, becomes a DSCP of the same number, or what is left of it in six bits:
# `--ip-tos 0xb8`, which is EF, becomes `ip dscp 0x38`, which is CS7, and `--ip6-tclass` likewise. `-p IPv4` is left out where a port is
# named, though the table of a bridge sees all protocols: `-p IPv4 --ip-proto udp --ip-dport 7700` becomes `udp dport 7700`. With -p IPv6
# it stays. All are accepted by nft, and nothing warns.
#
# Octolink: an old firewall of a bridge that octo0 is in, brought over to nftables. Look at each rule with a port, `--ip-tos` or `--ip6-tclass`,
# and compare the counters.
set -euo pipefail

VERSION=1.8.9-2
PACKAGES=("iptables=$VERSION" "libxtables12=$VERSION" libmnl0=1.0.4-3 libnftnl11=1.2.4-2)

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip nft python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done

if [ "${1:-}" != inside ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  script=$(realpath "$0")
  cd "$work"
  apt-get download -q "${PACKAGES[@]}" >download.log 2>&1 || cannot "no iptables $VERSION"
  for package in *.deb; do dpkg -x "$package" package; done
  status=0
  unshare --net bash "$script" inside || status=$?
  exit "$status"
fi

export LD_LIBRARY_PATH="$PWD/package/usr/lib/$(uname -m)-linux-gnu"
export XTABLES_LIBDIR="$LD_LIBRARY_PATH/xtables"
tools="$PWD/package/usr/sbin"
"$tools/ebtables-nft" -V || cannot 'libraries are missing'

ip link add lan type bridge mcast_snooping 0 2>/dev/null || cannot 'this kernel has no bridge'
ip link set lan up
for port in from to; do
  ip link add "$port" type veth peer name "$port-port"
  ip link set "$port" up
  ip link set "$port-port" master lan up
done
nft add table bridge translated
nft 'add chain bridge translated FORWARD { type filter hook forward priority -300; }'

for _ in $(seq 100); do
  [ "$(ip -d link show master lan | grep -c 'state forwarding')" = 2 ] && break
  sleep 0.1
done

cat >frames.py <<'PROGRAM'
"""Sends frames through the bridge under a rule of ebtables and under its translation, and prints which frames each takes."""
import shlex, socket, struct, subprocess, sys

MACS = bytes.fromhex('020000000002' '020000000001')
UDP4, UDP6 = 'UDP to 7700 by IPv4', 'UDP to 7700 by IPv6'
# Version of IP, port, TOS or traffic class.
FRAMES = {UDP4: (4, 7700, 0), UDP6: (6, 7700, 0), 'IPv4 EF': (4, 9, 0xB8), 'IPv4 CS7': (4, 9, 0xE0), 'IPv6 EF': (6, 9, 0xB8),
          'IPv6 CS7': (6, 9, 0xE0)}
# What a rule and its translation take.
RULES = {'-p IPv4 --ip-proto udp --ip-dport 7700': ([UDP4], [UDP4, UDP6]), '-p IPv6 --ip6-proto udp --ip6-dport 7700': ([UDP6], [UDP6]),
         '-p IPv4 --ip-tos 0xb8': (['IPv4 EF'], ['IPv4 CS7']), '-p IPv6 --ip6-tclass 0xb8': (['IPv6 EF'], ['IPv6 CS7'])}
TOOLS = sys.argv[1]


def run(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def frame(version, port, tos):
    udp = struct.pack('!4H', port, port, 58, 0) + bytes(50)
    if version == 6:
        addresses = bytes.fromhex('20010db8' + 11 * '00' + '01' + '20010db8' + 11 * '00' + '02')
        return MACS + b'\x86\xdd' + struct.pack('!IHBB', 6 << 28 | tos << 20, len(udp), 17, 64) + addresses + udp
    head = struct.pack('!BBHHHBBH', 0x45, tos, 20 + len(udp), 0, 0, 64, 17, 0) + bytes([192, 0, 2, 1, 192, 0, 2, 2])
    total = sum(struct.unpack('!10H', head))
    total = (total & 0xFFFF) + (total >> 16)
    return MACS + b'\x08\x00' + head[:10] + struct.pack('!H', ~total & 0xFFFF) + head[12:] + udp


def socket_on(device):
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    found.bind((device, 0))
    found.settimeout(10)
    return found


sender, receiver = socket_on('from'), socket_on('to')
LISTINGS = ((f'{TOOLS}/ebtables-nft', '-L', 'FORWARD', '--Lc'), ('nft', 'list', 'chain', 'bridge', 'translated', 'FORWARD'))


def taken():
    """The frames that move the counter of the one rule, by ebtables and as translated."""
    found, before = ([], []), [run(*listing) for listing in LISTINGS]
    for name, form in FRAMES.items():
        sent = frame(*form)
        sender.send(sent)
        while receiver.recv(2000) != sent:
            pass
        now = [run(*listing) for listing in LISTINGS]
        for names, listed, lists in zip(found, before, now):
            if listed != lists:
                names.append(name)
        before = now
    return found


is_as_stated = True
for rule, expected in RULES.items():
    run(f'{TOOLS}/ebtables-nft', '-F', 'FORWARD')
    run('nft', 'flush', 'chain', 'bridge', 'translated', 'FORWARD')
    words = ['-A', 'FORWARD', *rule.split(), '-j', 'ACCEPT']
    run(f'{TOOLS}/ebtables-nft', *words)
    # nft 'add rule bridge filter FORWARD … counter accept'
    made = shlex.split(run(f'{TOOLS}/ebtables-translate', *words))[1]
    body = made.removeprefix('add rule bridge filter FORWARD ')
    run('nft', f'add rule bridge translated FORWARD {body}')
    old, new = taken()
    print(f"{rule}: takes {', '.join(old)}\n  {body}: takes {', '.join(new)}", flush=True)
    is_as_stated = is_as_stated and (old, new) == expected
sys.exit(0 if is_as_stated else 2)
PROGRAM
status=0
python3 frames.py "$tools" || status=$?
case $status in
  0) echo 'as stated: three of four rules take other frames than before' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no such rules, or the bridge forwards nothing' ;;
esac
