"""Flows of numbered UDP datagrams, and whether any of them comes out of order.

flows.py serve PORT: prints a line, then answers each datagram with its number and how many of its flow came out of order.
flows.py talk ADDRESS PORT FLOWS EACH: sends EACH datagrams by each of FLOWS sockets, some at a time, and prints how many
were answered, how many came out of order at the server, and how many answers did here.
"""

import select
import socket
import struct
import sys

WINDOW = 32
PATIENCE_S = 2
PADDING = bytes(1000)
FORM = struct.Struct("!II")


class Order:
    """Counts what comes after something that was sent later."""

    def __init__(self):
        self.next = 0
        self.violations = 0

    def note(self, number):
        self.violations += number < self.next
        self.next = max(self.next, number + 1)


def serve(port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    listener.bind(("", port))
    print("ready", flush=True)
    flows = {}
    while True:
        data, source = listener.recvfrom(2000)
        (number, _) = FORM.unpack_from(data)
        order = flows.setdefault(source, Order())
        order.note(number)
        listener.sendto(FORM.pack(number, order.violations) + PADDING, source)


def talk(address, port, count, each):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    orders = [Order() for _ in sockets]
    sent, answered, there = [0] * count, [0] * count, [0] * count
    for one in sockets:
        one.connect((address, port))
    while min(answered) < each:
        for flow, one in enumerate(sockets):
            while sent[flow] < min(each, answered[flow] + WINDOW):
                one.send(FORM.pack(sent[flow], 0) + PADDING)
                sent[flow] += 1
        ready, _, _ = select.select(sockets, [], [], PATIENCE_S)
        if not ready:
            break
        for one in ready:
            flow = sockets.index(one)
            number, there[flow] = FORM.unpack_from(one.recv(2000))
            orders[flow].note(number)
            answered[flow] += 1
    print(sum(answered), sum(there), sum(order.violations for order in orders))


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    talk(sys.argv[2], *map(int, sys.argv[3:]))
