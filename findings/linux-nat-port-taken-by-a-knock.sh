#!/usr/bin/env bash
# Linux 6.18: a datagram that knocks at a NAT before the host behind it has spoken takes the port that this host would have had.
#
# A Linux NAT keeps the source port of a flow: "Where possible, no port alteration will occur", says iptables-extensions(8), and where
# only one host inside uses the port one would expect that to be possible. A datagram from outside that nobody asked for, and that the
# rules let through to the router itself, is tracked as a flow of the router, although no program there has the port and the answer is
# "port unreachable". When the host inside then sends from that port to that sender, the flow is taken, and it leaves by another port.
# Two hosts behind such routers that call each other at once, each by the port that a server has seen, never meet: not one datagram
# arrives, however long they try. Where the routers drop or reject in the chain `input`, no flow is left behind, and all arrive.
#
# Octolink: clients that a server introduces call each other in this way. Behind a Linux router whose input is open to the outside
# they stay by way of the server: drop there what was not asked for.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] || cannot 'it needs root'
for program in ip nft python3 unshare mount; do command -v "$program" >/dev/null || cannot "$program is missing"; done

# Namespaces of their own for the network, mounts and processes: all that is made here ends with them.
if [ "${1:-}" != inside ]; then
  echo "Linux $(uname -r), $(nft --version)"
  script=$(realpath "$0")
  status=0
  unshare --net --mount --pid --fork --kill-child bash "$script" inside || status=$?
  exit "$status"
fi

mount -t tmpfs run /run
mkdir /run/netns
ip link add lan type bridge mcast_snooping 0 2>/dev/null || cannot 'this kernel has no bridge'
ip link set lan up
for n in 1 2; do
  ip netns add "router$n"
  ip netns add "host$n"
  ip link add "port$n" type veth peer name outside netns "router$n"
  ip link set "port$n" master lan up
  ip -n "router$n" link add inside type veth peer name wire netns "host$n"
  ip -n "router$n" addr add "203.0.113.$n/24" dev outside
  ip -n "router$n" addr add 10.0.0.1/24 dev inside
  ip -n "router$n" link set outside up
  ip -n "router$n" link set inside up
  ip -n "host$n" addr add 10.0.0.2/24 dev wire
  ip -n "host$n" link set wire up
  ip -n "host$n" route add default via 10.0.0.1
  ip netns exec "router$n" sysctl -qw net.ipv4.ip_forward=1
done

cat >/run/call.py <<'PROGRAM'
"""Two hosts behind two routers call each other in turn: prints the ports by which each leaves its router, and what arrives."""
import ctypes, socket, struct, sys

CLONE_NEWNET, ETH_P_ALL, ETH_P_IP, TURNS = 0x40000000, 3, 0x0800, 3
PORTS = {'accept': 7701, 'drop': 7702, 'reject': 7703}
libc = ctypes.CDLL(None, use_errno=True)
rule = sys.argv[1]
port = PORTS[rule]


def bound(space):
    """A UDP socket of a network namespace."""
    with open(f'/run/netns/{space}') as there, open('/proc/self/ns/net') as here:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'setns')
        host = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if libc.setns(here.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'setns')
    host.bind(('10.0.0.2', port))
    host.settimeout(1)
    return host


def watch(device):
    # Of the port of a bridge only a socket for all protocols gets what comes in.
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    wire.bind((device, 0))
    wire.settimeout(10)
    return wire


def port_seen(wire):
    """The source port of the next UDP datagram, as it leaves the router."""
    while True:
        packet, address = wire.recvfrom(2000)
        if address[1] == ETH_P_IP and address[2] != socket.PACKET_OUTGOING and packet[9] == socket.IPPROTO_UDP:
            return struct.unpack('!H', packet[20:22])[0]


hosts = [bound(f'host{n}') for n in (1, 2)]
wires = [watch(f'port{n}') for n in (1, 2)]
leaves, arrived = [[], []], [0, 0]
for _ in range(TURNS):
    for caller, called in ((0, 1), (1, 0)):
        hosts[caller].sendto(b'call', (f'203.0.113.{called + 1}', port))
        leaves[caller].append('kept' if port_seen(wires[caller]) == port else 'another')
        try:
            hosts[called].recv(100)
            arrived[called] += 1
        except TimeoutError:
            pass
for n in (0, 1):
    print(f'{rule}: port of host {n + 1} at its router: {", ".join(leaves[n])}; {arrived[n]} of {TURNS} datagrams arrive at it')
PROGRAM

# call RULE: both routers do this with what comes to them from outside without having been asked for, and the hosts call each other.
call() {
  for n in 1 2; do
    ip netns exec "router$n" nft -f - <<RULES
table ip nat
delete table ip nat
table ip nat {
  chain out {
    type nat hook postrouting priority srcnat;
    oifname "outside" masquerade
  }
  chain in {
    type filter hook input priority filter;
    ct state established,related accept
    iifname "outside" meta l4proto udp $1
  }
}
RULES
  done
  python3 /run/call.py "$1"
}
for rule in accept drop reject; do
  call "$rule" >"/run/$rule" 2>/run/said || cannot "no NAT, or nothing leaves the routers: $(tail -1 /run/said)"
  cat "/run/$rule"
done

# With drop and reject the first call finds the other router closed, and opens its own.
both='port of host 1 at its router: kept, kept, kept; 3 of 3 datagrams arrive at it
port of host 2 at its router: kept, kept, kept; 2 of 3 datagrams arrive at it'
expected="accept: port of host 1 at its router: kept, kept, kept; 0 of 3 datagrams arrive at it
accept: port of host 2 at its router: another, another, another; 0 of 3 datagrams arrive at it
$(sed 's/^/drop: /' <<<"$both")
$(sed 's/^/reject: /' <<<"$both")"
[ "$(cat /run/accept /run/drop /run/reject)" = "$expected" ] || { echo 'CHANGED: see above'; exit 1; }
echo 'as stated: the knock has taken the port, and two that call each other do not meet'
