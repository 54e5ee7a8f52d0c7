#!/usr/bin/env bash
# Linux 6.18: whoever reads a TAP by two queues but writes by the first gets everything by the first.
#
# The kernel spreads flows over the queues of a multi-queue TAP; by which rule its page about TUN/TAP devices does not say. 100 flows
# that go one way come about half by each queue, and one would expect that to stay when answers come. It does not: a frame that the
# program writes brings all that the host sends in that flow to the queue it was written by. After one answer each all 100 come
# by that queue and the other one is idle, until no answer has been written for some three to six seconds.
#
# Octolink: with `workers` above 1 it writes each flow by the queue that it is read from, so answers move nothing. A program that fans
# a TAP out to threads and has one of them write gains nothing by its queues, as soon as traffic goes both ways.
set -euo pipefail

cannot() { echo "cannot be tried here: $1"; exit 77; }
[ "$(id -u)" = 0 ] && [ -e /dev/net/tun ] || cannot 'it needs root and /dev/net/tun'
for program in ip python3 unshare; do command -v "$program" >/dev/null || cannot "$program is missing"; done
echo "Linux $(uname -r)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
cat >"$work/queues.py" <<'PROGRAM'
"""Sends flows of UDP into a TAP of two queues, with and without answers by one of them, and prints how many come by each."""
import fcntl, os, socket, struct, subprocess, sys, time

TUNSETIFF, TAP_NO_PI_MULTI_QUEUE = 0x400454CA, 0x1102
FLOWS, FIRST_PORT, PORT = 100, 10000, 9
HERE, THERE = '192.0.2.1', '192.0.2.2'
PEER = '02:00:00:00:00:02'
IPV4 = b'\x08\x00'
# The kernel looks for silent flows once in three seconds, so one may stay for nearly six.
FORGOTTEN = 15


def run(words):
    return subprocess.run(words.split(), check=True, stdout=subprocess.PIPE, text=True).stdout


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def answer(port):
    """A datagram from the station behind the TAP to that port of the host."""
    udp = struct.pack('!HHHH', PORT, port, 12, 0) + b'back'
    addresses = socket.inet_aton(THERE) + socket.inet_aton(HERE)
    ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + addresses
    return station + bytes.fromhex(PEER.replace(':', '')) + IPV4 + ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:] + udp


def come_by():
    """Sends one datagram in each flow; how many are read from each queue."""
    for sender in senders:
        sender.sendto(b'out', (THERE, PORT))
    counts = []
    for queue in queues:
        count = 0
        try:
            while True:
                count += os.read(queue, 2000)[12:14] == IPV4
        except BlockingIOError:
            counts.append(count)
    return counts


def answered_by(queue):
    for number in range(FLOWS):
        os.write(queues[queue], answer(FIRST_PORT + number))
    return come_by()


with open('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'w') as setting:
    setting.write('1')
queues = []
for _ in range(2):
    queues.append(os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK))
    fcntl.ioctl(queues[-1], TUNSETIFF, struct.pack('16sH22x', b'tap0', TAP_NO_PI_MULTI_QUEUE))
run(f'ip addr add {HERE}/24 dev tap0')
run('ip link set tap0 up')
run(f'ip neigh add {THERE} lladdr {PEER} dev tap0')
station = bytes.fromhex(run('ip -br link show tap0').split()[2].replace(':', ''))
senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(FLOWS)]
for number, sender in enumerate(senders):
    sender.bind((HERE, FIRST_PORT + number))

apart = come_by()
print(f'before any answer: {apart} of {FLOWS} flows come by each queue')
first = answered_by(0)
print(f'after one answer each by the first queue: {first}')
second = answered_by(1)
print(f'after one answer each by the second queue: {second}')
end = time.monotonic() + FORGOTTEN
silent = second
while silent != apart and time.monotonic() < end:
    time.sleep(0.25)
    silent = come_by()
print(f'after some seconds without an answer: {silent}')
as_stated = min(apart) > FLOWS // 10 and first == [FLOWS, 0] and second == [0, FLOWS] and silent == apart
sys.exit(0 if as_stated else 2)
PROGRAM

status=0
unshare --net python3 "$work/queues.py" || status=$?
case $status in
  0) echo 'as stated: flows come by the queue that their answers were written by' ;;
  2) echo 'CHANGED: see above'; exit 1 ;;
  *) cannot 'no TAP of two queues' ;;
esac
