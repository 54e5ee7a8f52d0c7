#!/usr/bin/env bash
# Linux 6.18: a receiver with UDP_GRO that loses 6,336 datagrams is told of 99.
#
# Both counters of loss (SO_RXQ_OVFL with each message, RcvbufErrors of the host) count messages, and with UDP_GRO a message has up
# to 128 datagrams. One would expect datagrams, which is what RFC 4113 counts and what the sender, the wire and a receiver without
# UDP_GRO see: that one has every datagram counted, so the figure changes by a factor of 64 with an option of the receiver. InDatagrams
# and OutDatagrams count likewise: a send with UDP_SEGMENT is one datagram out.
#
# Octolink: losses at a socket are known from the sequence numbers of links; RcvbufErrors says that there are some, not how many.
set -euo pipefail

command -v python3 >/dev/null && command -v unshare >/dev/null || { echo 'cannot be tried here: python3 or unshare is missing'; exit 77; }
[ "$(id -u)" = 0 ] || { echo 'cannot be tried here: it needs root'; exit 77; }
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/losses.py" <<'PROGRAM'
"""Overruns a receiver by sends of 64 datagrams, with UDP_GRO and without, and compares what is lost with what is counted."""
import socket, struct, sys

SOL_UDP, UDP_SEGMENT, UDP_GRO, SO_RXQ_OVFL = 17, 103, 104, 40
SIZE, EACH, SENDS = 100, 64, 100

def counters():
    with open('/proc/net/snmp') as file:
        names, values = (line.split()[1:] for line in file if line.startswith('Udp:'))
    return dict(zip(names, map(int, values)))

def overrun(is_gro):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        receiver.bind(('127.0.0.1', 0))
        receiver.setsockopt(SOL_UDP, UDP_GRO, is_gro)
        receiver.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sender.connect(receiver.getsockname())
        sender.setsockopt(SOL_UDP, UDP_SEGMENT, SIZE)
        before = counters()
        for _ in range(SENDS):
            sender.send(bytes(SIZE * EACH))
        moved = {name: value - before[name] for name, value in counters().items()}
        got, told = 0, 0
        receiver.setblocking(False)
        try:
            while True:
                got += len(receiver.recv(65536)) // SIZE
        except BlockingIOError:
            pass
        sender.send(bytes(SIZE))
        receiver.settimeout(5)
        for _, kind, value in receiver.recvmsg(65536, 256)[1]:
            if kind == SO_RXQ_OVFL:
                told = struct.unpack('=I', value)[0]
        lost = SENDS * EACH - got
        print(f"{'with' if is_gro else 'without'} UDP_GRO: {SENDS * EACH} datagrams sent, {lost} lost; OutDatagrams {moved['OutDatagrams']}, "
              f"RcvbufErrors {moved['RcvbufErrors']}, SO_RXQ_OVFL {told}")
        return lost, moved['RcvbufErrors'], told, moved['OutDatagrams']

try:
    gro, plain = overrun(1), overrun(0)
except OSError as error:
    print(error)
    sys.exit(77)
is_few = gro[0] > 1000 and gro[1] * EACH == gro[0] and gro[2] * EACH == gro[0]
is_exact = plain[0] == plain[1] == plain[2] and plain[0] > 1000
sys.exit(0 if is_few and is_exact and gro[3] == plain[3] == SENDS else 2)
PROGRAM

status=0
unshare -n sh -c "ip link set lo up && exec python3 $work/losses.py" || status=$?
case $status in
  0) echo 'as stated: with UDP_GRO one of 64 losses is counted' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) echo 'cannot be tried here: this kernel has no UDP_SEGMENT or UDP_GRO'; exit 77 ;;
esac
