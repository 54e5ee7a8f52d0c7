"""A TCP download of which every byte is known: `download.py serve PORT` sends numbers of eight bytes, one after the other, to
who connects; `download.py fetch ADDRESS PORT` checks each and says how many bytes were right, until its standard input ends. It
fails when one is wrong, or the connection breaks."""

import array
import select
import socket
import sys
import time

NUMBERS = 8192


def block(index):
    return array.array("Q", range(index * NUMBERS, (index + 1) * NUMBERS)).tobytes()


if sys.argv[1] == "serve":
    server = socket.create_server(("", int(sys.argv[2])))
    print("listening", flush=True)
    connection, _ = server.accept()
    sent = 0
    while True:
        connection.sendall(block(sent))
        sent += 1
        # Other tests want the processor as well.
        time.sleep(0.005)
else:
    connection = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=20)
    stream = connection.makefile("rb")
    right = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        expected = block(right)
        if stream.read(len(expected)) != expected:
            sys.exit("a byte is wrong or missing after %d blocks" % right)
        right += 1
        print(right * 8 * NUMBERS, flush=True)
    print("done", flush=True)
