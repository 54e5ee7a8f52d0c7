"""One TCP connection that is used all the time: `tcp.py serve PORT` echoes, `tcp.py talk ADDRESS PORT` says numbered
lines until its standard input ends, then prints how many came back. It fails when the connection breaks."""

import select
import socket
import sys

if sys.argv[1] == "serve":
    server = socket.create_server(("", int(sys.argv[2])))
    print("listening", flush=True)
    connection, _ = server.accept()
    while data := connection.recv(65536):
        connection.sendall(data)
else:
    connection = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=20)
    answers = connection.makefile("r")
    count = 0
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        connection.sendall(b"%d\n" % count)
        if answers.readline() != "%d\n" % count:
            sys.exit("the connection broke after %d lines" % count)
        count += 1
        if count % 20 == 0:
            print(count, flush=True)
    print("done", count, flush=True)
