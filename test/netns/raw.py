"""Raw frames, raw datagrams and plain TCP for the tests in network namespaces.

  raw.py send DEVICE                frames from standard input, a line of hex each, put on the device
  raw.py super DEVICE               the same, each line preceded by its virtio-net header
  raw.py capture DEVICE FILE        frames seen on the device into FILE, until SIGTERM; prints `ready` first
  raw.py datagrams SRC SPORT DST DPORT RATE
                                    datagrams from standard input, a line of hex each, in IPv4 packets whose
                                    source is whatever SRC says; `any` takes a new source for each
  raw.py serve ADDRESS PORT         takes one TCP connection; prints `ready`, then length and SHA-256 of what came
  raw.py stream ADDRESS PORT BYTES SEED
                                    sends so many bytes; prints length and SHA-256 of what went

A record of a capture is: direction (0 in, 1 out), length as u32 big-endian, then the frame.
"""
import hashlib
import random
import signal
import socket
import struct
import sys
import time

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_VNET_HDR = 15
SO_RCVBUFFORCE = 33
VLAN_VALID = 1 << 4


def frames_of_stdin():
    for line in sys.stdin:
        yield bytes.fromhex(line.strip())


def packet_socket(device):
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    found.bind((device, 0))
    return found


def send_patiently(call):
    """Device queues may be full for a moment; everything else is told to the caller."""
    while True:
        try:
            return call()
        except OSError as error:
            if error.errno != 105:
                raise
            time.sleep(0.001)


def send(device, vnet=False):
    out = packet_socket(device)
    if vnet:
        out.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sent = refused = 0
    for frame in frames_of_stdin():
        try:
            send_patiently(lambda: out.send(frame))
            sent += 1
        except OSError:
            refused += 1
    print(f"{sent} {refused}", flush=True)


def with_tag(frame, extra):
    """The kernel takes the outer VLAN tag out of a frame and tells it beside."""
    for level, kind, data in extra:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
            if status & VLAN_VALID:
                return frame[:12] + struct.pack(">HH", tpid, tci) + frame[12:]
    return frame


def capture(device, path):
    source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    source.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    source.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    source.bind((device, ETH_P_ALL))
    running = True

    def end(_signal, _frame):
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, end)
    source.settimeout(0.02)
    with open(path, "wb", buffering=0) as out:
        print("ready", flush=True)
        while True:
            try:
                frame, extra, _, address = source.recvmsg(1 << 17, 64)
            except socket.timeout:
                if not running:
                    return
                continue
            frame = with_tag(frame, extra)
            outgoing = 1 if address[2] == PACKET_OUTGOING else 0
            out.write(struct.pack(">BI", outgoing, len(frame)) + frame)


def ipv4_packet(source, source_port, target, target_port, payload):
    udp = struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0, source, target)
    return head + udp


def datagrams(source, source_port, target, target_port, rate):
    out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    to = socket.inet_aton(target)
    base = to[:3]
    start = time.monotonic()
    sent, burst = 0, max(1, int(rate) // 500)
    for payload in frames_of_stdin():
        if source == "any":
            address, port = base + bytes([100 + sent % 100]), 1024 + sent % 60000
        else:
            address, port = socket.inet_aton(source), int(source_port)
        packet = ipv4_packet(address, port, to, int(target_port), payload)
        send_patiently(lambda: out.sendto(packet, (target, 0)))
        sent += 1
        if sent % burst == 0:
            ahead = sent / float(rate) - (time.monotonic() - start)
            if ahead > 0:
                time.sleep(ahead)
    print(sent, flush=True)


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(address, port):
    listener = socket.socket(family_of(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen(1)
    print("ready", flush=True)
    connection, _ = listener.accept()
    digest, length = hashlib.sha256(), 0
    while True:
        data = connection.recv(1 << 18)
        if not data:
            break
        digest.update(data)
        length += len(data)
    connection.sendall(b"done")
    print(length, digest.hexdigest(), flush=True)


def stream(address, port, count, seed):
    connection = socket.socket(family_of(address), socket.SOCK_STREAM)
    connection.connect((address, int(port)))
    data = random.Random(int(seed)).randbytes(int(count))
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    if connection.recv(4) != b"done":
        sys.exit("the connection ended early")
    print(len(data), hashlib.sha256(data).hexdigest(), flush=True)


COMMANDS = {
    "send": send,
    "super": lambda device: send(device, vnet=True),
    "capture": capture,
    "datagrams": datagrams,
    "serve": serve,
    "stream": stream,
}

COMMANDS[sys.argv[1]](*sys.argv[2:])
