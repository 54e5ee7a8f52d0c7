"""Frames of many stations, for `npm run bench -- --stations`.

  stations.py DEVICE COUNT each|random RATE FRAMES FROM TO

Puts FRAMES frames of 64 bytes on the device, RATE of them a second. The first two bytes of their source addresses are
FROM in hex, those of their destination addresses TO; the rest is one of COUNT stations: `each` in turn, or `random` ones.
Prints the number that left.
"""
import random
import socket
import sys
import time

BURST = 16
PATTERN = 1 << 17
REST = bytes.fromhex('88b5') + bytes(50)

device, count, order, rate, total, own, other = sys.argv[1:]
count, rate, total = int(count), int(rate), int(total)
rng = random.Random(1)


def station(high, number):
    return bytes.fromhex(high) + number.to_bytes(4, 'big')


def frame(number):
    to = number if order == 'each' else rng.randrange(count)
    return station(other, to) + station(own, number) + REST


if order == 'each':
    frames = [frame(number) for number in range(count)]
else:
    frames = [frame(rng.randrange(count)) for _ in range(PATTERN)]

out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
out.bind((device, 0))
start = time.perf_counter()
sent = 0
while sent < total:
    for number in range(sent, min(sent + BURST, total)):
        while True:
            try:
                out.send(frames[number % len(frames)])
                break
            except OSError as error:
                # The queue of the device is full for a moment.
                if error.errno != 105:
                    raise
                time.sleep(0.0005)
    sent += BURST
    ahead = start + sent / rate - time.perf_counter()
    if ahead > 0:
        time.sleep(ahead)
print(total)
