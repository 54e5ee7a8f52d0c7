#!/usr/bin/env bash
# Linux 6.18: a queueing discipline on a TAP device never holds a frame, so it cannot shorten or share the queue.
#
# `tc qdisc add dev tap0 root …` succeeds, counts every frame, and never has a backlog: the driver takes each frame at once into the
# ring from which the program reads (`txqueuelen` frames), and drops at its end instead of stopping the discipline. One would expect
# `pfifo limit 5` to leave no more than some frames waiting, and to count what it drops. 500 frames wait, the discipline says "drops
# 0", and the socket that sends is never held back either: its buffer is free as soon as the frame is in the ring. The same goes for
# fq_codel and all that hope to see a queue.
#
# Octolink: delay in front of octo0 is bounded by `ip link set octo0 txqueuelen`, lost frames are in its tx_dropped. Shape with a
# discipline that has a rate of its own (tbf, htb, cake with a bandwidth), below that of the tunnel.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip tc python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/queue.py" <<'PROGRAM'
"""Sends into a TAP that nobody reads, through pfifo alone and below a rate, and prints where the frames are."""
import fcntl, json, os, socket, struct, subprocess, sys

TUNSETIFF, IFF_TAP_NO_PI = 0x400454CA, 0x1002
SENT, RING, LIMIT = 1000, 500, 5

def run(words):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE).stdout

tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', b'tap0', IFF_TAP_NO_PI))
run(f'ip link set tap0 addrgenmode none txqueuelen {RING}')
run('ip link set tap0 up')
run('ip addr add 192.0.2.1/24 dev tap0')
run('ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev tap0')

def send():
    """Returns the figures of the discipline, the drops of the device, and how many frames could be read."""
    dropped = int(open('/sys/class/net/tap0/statistics/tx_dropped').read())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sender.setblocking(False)
        taken = 0
        try:
            for _ in range(SENT):
                sender.sendto(bytes(1000), ('192.0.2.2', 9))
                taken += 1
        except BlockingIOError:
            pass
        root = json.loads(run('tc -s -j qdisc show dev tap0'))[0]
        waiting = 0
        try:
            while os.read(tap, 2000):
                waiting += 1
        except BlockingIOError:
            pass
    dropped = int(open('/sys/class/net/tap0/statistics/tx_dropped').read()) - dropped
    print(f"{root['kind']}: the socket of 4 KB took {taken} of {SENT} datagrams; qdisc: backlog {root['qlen']}, drops {root['drops']}; "
          f'{waiting} frames waited for the reader, the device dropped {dropped}')
    return taken, root['qlen'], root['drops'], waiting, dropped

run(f'tc qdisc add dev tap0 root pfifo limit {LIMIT}')
plain = send()
run('tc qdisc replace dev tap0 root tbf rate 8kbit burst 2000 limit 5000')
shaped = send()
as_stated = plain == (SENT, 0, 0, RING, SENT - RING) and shaped[1] > 0 and shaped[3] < 10 and shaped[4] == 0
sys.exit(0 if as_stated else 2)
PROGRAM

status=0
unshare -n -m sh -c "mount -t sysfs sysfs /sys && exec python3 $work/queue.py" || status=$?
case $status in
  0) echo 'as stated: without a rate nothing waits in the discipline, and all of it in the ring' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'the disciplines cannot be set' ;;
esac
