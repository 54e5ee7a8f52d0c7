#!/usr/bin/env python3
"""Calls a method of Octolink's control API: control.py METHOD [PARAMS as JSON]

    control.py show.peers
    control.py show.peer '{"peer": "osaka"}'
    control.py events          follows events until Ctrl-C
"""
import json
import os
import socket
import sys


class Control:
    """A connection: JSON-RPC 2.0, one message per line."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.next_id = 1
        self.hello = self.call("hello", protocol=1, client="control.py")

    def call(self, method, **params):
        request = {"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params}
        self.next_id += 1
        self.socket.sendall((json.dumps(request) + "\n").encode())
        for answer in map(json.loads, self.lines):
            if "method" in answer:
                continue  # an event
            if "error" in answer:
                raise RuntimeError(answer["error"]["message"])
            return answer["result"]
        raise ConnectionError("the daemon closed the connection")

    def events(self):
        self.call("events.subscribe")
        for message in map(json.loads, self.lines):
            if message.get("method") == "event":
                yield message["params"]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    control = Control(os.environ.get("OCTOLINK_SOCKET", "/run/octolink/octolink.sock"))
    if sys.argv[1] == "events":
        for event in control.events():
            print(json.dumps(event), flush=True)
    else:
        params = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
        print(json.dumps(control.call(sys.argv[1], **params), indent=2))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except (OSError, RuntimeError) as error:
        sys.exit(f"control.py: {error}")
